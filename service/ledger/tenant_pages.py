"""All tenants of a shard, page by page."""

from service.ledger import keys
from service.ledger.connection import Ledger, Operation

_PAGE = 100


class TenantPages:
    """Raises LedgerUnavailableError. A tenant that is there all the time is found; one may be found twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def page(self, shard: int, cursor: str) -> tuple[list[str], str]:
        """Tenant ids from a cursor on, "0" being the start, and the next cursor, "0" being the end."""
        following, tenant_ids = await self._ledger.command(
            Operation.LIST_TENANTS, "SSCAN", keys.tenants(shard), cursor, "COUNT", str(_PAGE)
        )
        return list(tenant_ids), str(following)
