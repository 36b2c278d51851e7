"""The rate of calls to Stripe that all workers share, by the ledger's clock."""

from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

BURST_SHARE = 10
"""The bucket holds a tenth of a second's tokens, so that a burst never looks like a higher rate."""


class StripeTokens:
    """A token bucket; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger, per_second: int) -> None:
        self._ledger = ledger
        self._terms: list[str | int] = [1_000_000 // per_second, max(1, per_second // BURST_SHARE)]
        self._take = load_script("take_token")

    async def take(self) -> float:
        """Take a token, or return the seconds until there may be one; 0 means taken."""
        wait = await self._ledger.script(Operation.PACE_CALLS, self._take, [keys.STRIPE_TOKENS], self._terms)
        return int(wait) / 1000
