"""Was everything billed once? What clients were promised, the ledger, its archive and Stripe, side by side."""
