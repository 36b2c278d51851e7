"""How long the service waits for its dependencies."""

REDIS_TIMEOUT_SECONDS = 1.0
"""One ledger operation, connecting included."""
STRIPE_TIMEOUT_SECONDS = 3.0
"""One call to Stripe, its retry included."""
