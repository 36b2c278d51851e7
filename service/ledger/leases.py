"""Leases of tenants: of all the workers, one at a time decides where a tenant stands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.errors import LeaseBusyError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

LEASE_SECONDS = 20.0
_TRIES = 100
_PAUSE_SECONDS = 0.05


class Leases:
    """Grants leases that end by themselves; raises LedgerUnavailableError.

    A lease alone cannot stop a holder who slept past its end. So each lease has a fence, a number that rises with every
    lease of the tenant, and `TenantBook.change` refuses the writes of all but the last one.
    """

    def __init__(self, ledger: Ledger, seconds: float = LEASE_SECONDS) -> None:
        self._ledger = ledger
        self._milliseconds = int(seconds * 1000)
        self._lease = load_script("lease_tenant")
        self._release = load_script("release_lease")

    @asynccontextmanager
    async def held(self, tenant_id: str) -> AsyncIterator[int]:
        """Hold the tenant's lease inside the block, which is given the fence; raises LeaseBusyError."""
        fence = await self._await(tenant_id)
        try:
            yield fence
        finally:
            await self.release(tenant_id, fence)

    async def acquire(self, tenant_id: str) -> int | None:
        """Return the fence of a new lease; None while somebody holds one."""
        names = [keys.lease(tenant_id), keys.fence(tenant_id)]
        fence = await self._ledger.script(Operation.LEASE_TENANT, self._lease, names, [self._milliseconds])
        return int(fence) or None

    async def release(self, tenant_id: str, fence: int) -> None:
        await self._ledger.script(Operation.RELEASE_TENANT, self._release, [keys.lease(tenant_id)], [fence])

    async def _await(self, tenant_id: str) -> int:
        for _ in range(_TRIES):
            fence = await self.acquire(tenant_id)
            if fence is not None:
                return fence
            await asyncio.sleep(_PAUSE_SECONDS)
        raise LeaseBusyError
