"""The local stack: programs, processes, seeded history and the Stripe sandbox."""
