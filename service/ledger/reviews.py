"""When to look at each tenant again although Stripe has reported nothing. Times are unix seconds."""

from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

RECONCILE_SECONDS = 6 * 3600
"""Every tenant is looked at this often, so that a lost webhook heals."""
RETRY_SECONDS = 60
"""A tenant that was handed out and not scheduled anew comes back after this time."""
_PAGE = 500


class Reviews:
    """A sorted set of due times on each shard; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._take = load_script("take_reviews")

    async def schedule(self, tenant_id: str, due: int | None) -> None:
        """Look at the tenant when that time has come; None means never, unless Stripe reports something."""
        score = "+inf" if due is None else str(due)
        place = keys.reviews(keys.shard_of(tenant_id))
        await self._ledger.command(Operation.SCHEDULE_REVIEW, "ZADD", place, score, tenant_id)

    async def take(self, shard: int, now: int, most: int) -> list[str]:
        """Return tenants of the shard that are due, the longest due first."""
        arguments = [now, now + RETRY_SECONDS, most]
        found = await self._ledger.script(Operation.TAKE_REVIEWS, self._take, [keys.reviews(shard)], arguments)
        return list(found)

    async def enlist(self, shard: int, now: int) -> None:
        """Schedule every tenant of the shard that is not scheduled at all, spread over RECONCILE_SECONDS."""
        cursor = "0"
        while True:
            cursor, tenant_ids = await self._ledger.command(
                Operation.SCHEDULE_REVIEW, "SSCAN", keys.tenants(shard), cursor, "COUNT", str(_PAGE)
            )
            scores = [part for each in tenant_ids for part in (str(now + offset(each)), each)]
            if scores:
                await self._ledger.command(Operation.SCHEDULE_REVIEW, "ZADD", keys.reviews(shard), "NX", *scores)
            if cursor in ("0", 0):
                return


def offset(tenant_id: str) -> int:
    """A tenant's own share of RECONCILE_SECONDS, so that the tenants do not all come due together."""
    return int(tenant_id[2:10], 16) % RECONCILE_SECONDS
