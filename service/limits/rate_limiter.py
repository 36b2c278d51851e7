"""Decides whether a request is within its quotas; where Redis does not answer, this process decides alone."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from service.errors import LedgerUnavailableError
from service.ledger.quotas import Bucket, Ruling
from service.limits.local_quotas import LocalQuotas
from service.limits.refusals import Refusals
from service.telemetry.aggregates import Counter
from service.telemetry.logs import log_event

SHARED_TIMEOUT_SECONDS = 0.25
"""A limit is not worth more of a client's time."""
PAUSE_SECONDS = 1.0
"""After a failure Redis is not asked again for so long."""

_log = logging.getLogger(__name__)


class Quotas(Protocol):
    """What all processes share; raises LedgerUnavailableError."""

    async def take(self, buckets: Sequence[Bucket]) -> Ruling: ...


class RateLimiter:
    """Fails open to limits that each process keeps for itself, never to none, and counts what it does."""

    def __init__(self, shared: Quotas, decisions: Counter, clock: Callable[[], float] = monotonic) -> None:
        self._shared = shared
        self._local = LocalQuotas(clock)
        self._refusals = Refusals(clock)
        self._decisions = decisions
        self._clock = clock
        self._alone_until = 0.0

    @property
    def is_alone(self) -> bool:
        """Whether Redis is not asked for now, because it did not answer a moment ago."""
        return self._clock() < self._alone_until

    async def take(self, buckets: Sequence[Bucket]) -> Ruling:
        """Take one admission from all the buckets, or say from when on there may be one.

        A refusal that is remembered says where the refusing quotas stand, and nothing of the others.
        """
        suffix = ""
        refusing = self._refusals.of(buckets)
        ruling = Ruling(False, refusing) if refusing else None
        if ruling is None and not self.is_alone:
            ruling = await self._ask(buckets)
        if ruling is None:
            ruling, suffix = self._local.take(buckets), "_locally"
        self._count(ruling, suffix)
        return ruling

    async def _ask(self, buckets: Sequence[Bucket]) -> Ruling | None:
        try:
            async with asyncio.timeout(SHARED_TIMEOUT_SECONDS):
                ruling = await self._shared.take(buckets)
        except (LedgerUnavailableError, TimeoutError) as error:
            self._go_alone(error)
            return None
        if not ruling.admitted:
            self._refusals.note(buckets, ruling.standings)
        return ruling

    def _go_alone(self, error: Exception) -> None:
        if not self.is_alone:
            fields = {"error.type": type(error).__name__}
            log_event(_log, logging.WARNING, "rate_limit.failed_open", "limits are kept by this process alone", fields)
        self._alone_until = self._clock() + PAUSE_SECONDS

    def _count(self, ruling: Ruling, suffix: str) -> None:
        for standing in ruling.standings:
            refused = not ruling.admitted and standing.retry_seconds > 0
            outcome = ("limited" if refused else "allowed") + suffix
            attributes = {"billing.rate_limit.limiter": standing.quota.limiter, "billing.rate_limit.outcome": outcome}
            self._decisions.add(1, attributes)
