"""The way of usage from the ledger to Stripe and to the archive, as duties of the worker."""
