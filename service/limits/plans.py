"""Remembers for a while which plan a tenant has."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from service.domain.tenant import Plan
from service.errors import LedgerUnavailableError
from service.ledger.tenants import TenantBook
from service.limits.rate_limiter import PAUSE_SECONDS, SHARED_TIMEOUT_SECONDS, RateLimiter

MEMORY_SECONDS = 10.0
"""A change of plan changes the limits so much later at most."""
_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class _Memory:
    plan: Plan
    until: float


class Plans:
    """Answers with what it last knew where the ledger does not, and with the smallest plan where it knew nothing.

    What the ledger did not say is asked again as soon as the limiter asks Redis again.
    """

    def __init__(self, book: TenantBook, limiter: RateLimiter, clock: Callable[[], float] = monotonic) -> None:
        self._book = book
        self._limiter = limiter
        self._clock = clock
        self._memories: dict[str, _Memory] = {}

    async def of(self, tenant_id: str) -> Plan:
        memory = self._memories.get(tenant_id)
        if memory is not None and self._clock() < memory.until:
            return memory.plan
        known = await self._read(tenant_id)
        plan = known or (memory.plan if memory else Plan.STARTER)
        if len(self._memories) >= _SIZE:
            self._memories.clear()
        self._memories[tenant_id] = _Memory(plan, self._clock() + (MEMORY_SECONDS if known else PAUSE_SECONDS))
        return plan

    async def _read(self, tenant_id: str) -> Plan | None:
        if self._limiter.is_alone:
            return None
        try:
            async with asyncio.timeout(SHARED_TIMEOUT_SECONDS):
                return await self._book.plan_of(tenant_id)
        except (LedgerUnavailableError, TimeoutError):
            return None
