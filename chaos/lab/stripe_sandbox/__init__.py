"""A stateful stand-in for Stripe's API: same requests, same shapes, state in memory, no money."""
