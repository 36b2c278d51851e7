"""The duty to compare, tenant by tenant, what was sent with what Stripe has counted. It only tells; a person acts."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from service.domain.c2pa_facts import EventType
from service.errors import PaymentsRejectedError
from service.ledger import keys
from service.ledger.outbox import Outbox
from service.ledger.sent import SentReader
from service.ledger.tenant_pages import TenantPages
from service.ledger.tenants import TenantBook
from service.metering.comparison import span_of
from service.metering.delivery import FIRST_OF_ALL
from service.metering.meters import Meters
from service.metering.rate import Rate
from service.metering.shares import Shares
from service.telemetry.instruments import Instruments
from service.telemetry.logs import log_event

SPAN = timedelta(hours=24)
LAG = timedelta(hours=1)
"""Stripe's summaries lag behind; younger hours are not compared."""
_IN_DOUBT = 1000

_log = logging.getLogger(__name__)

Walk = AsyncIterator[tuple[int, str]]


class Figures:
    """What the ledger knows of a tenant's usage at Stripe; raises LedgerUnavailableError."""

    def __init__(self, book: TenantBook, outbox: Outbox, sent: SentReader) -> None:
        self._book = book
        self._outbox = outbox
        self._sent = sent

    async def customer(self, tenant_id: str) -> str | None:
        tenant = await self._book.read(tenant_id)
        return tenant.customer_id if tenant else None

    async def delivered(self, tenant_id: str, start: datetime, end: datetime) -> dict[EventType, int]:
        """Units of the hours from `start` to before `end` that are known to be at Stripe."""
        totals = dict.fromkeys(EventType, 0)
        for month in {keys.month_of(start), keys.month_of(end)}:
            sent = await self._sent.sent(tenant_id, month)
            for (hour, event_type), units in sent.delivered.items():
                if keys.hour_of(start) <= hour < keys.hour_of(end):
                    totals[event_type] += units
        return totals

    async def is_in_doubt(self, shard: int, tenant_id: str) -> bool:
        """Whether something of the tenant was tried and did not come to its end."""
        tried = await self._outbox.due(shard, FIRST_OF_ALL, _IN_DOUBT)
        return len(tried) == _IN_DOUBT or any(each.intent.tenant_id == tenant_id for each in tried)


class ReconcileDuty:
    """Compares one tenant a round, so that it never takes much of the rate away from sending."""

    name = "reconciling"
    pause_seconds = 5.0

    def __init__(
        self,
        pages: TenantPages,
        figures: Figures,
        meters: Meters,
        rate: Rate,
        shares: Shares,
        instruments: Instruments,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._figures = figures
        self._meters = meters
        self._rate = rate
        self._shares = shares
        self._comparisons = instruments.metering_comparisons
        self._drift = instruments.metering_drift
        self._clock = clock
        self._walk = self._tenants()

    async def once(self) -> bool:
        """Compare the next tenant; raises LedgerUnavailableError, PaymentsUnavailableError."""
        if self._meters.is_shut:
            return False
        try:
            shard, tenant_id = await anext(self._walk)
        except StopAsyncIteration:
            self._walk = self._tenants()
            return False
        await self._compare(shard, tenant_id)
        return False

    async def _tenants(self) -> Walk:
        """Every tenant of the shards that are owned when their turn comes."""
        for shard in range(keys.SHARDS):
            cursor, more = "0", self._shares.lease(shard) is not None
            while more:
                tenant_ids, cursor = await self._pages.page(shard, cursor)
                for tenant_id in tenant_ids:
                    yield shard, tenant_id
                more = cursor != "0"

    async def _compare(self, shard: int, tenant_id: str) -> None:
        customer_id = await self._figures.customer(tenant_id)
        if not customer_id:
            return
        end = (self._clock() - LAG).replace(minute=0, second=0, microsecond=0)
        span = end - SPAN, end
        before = await self._figures.delivered(tenant_id, *span)
        try:
            counted = {each: await self._counted(each, customer_id, *span) for each in EventType}
        except PaymentsRejectedError:
            _log.info("Stripe has no count for customer %s", customer_id)
            return
        after = await self._figures.delivered(tenant_id, *span)
        if before == after and not await self._figures.is_in_doubt(shard, tenant_id):
            self._tell(tenant_id, after, counted)

    async def _counted(self, event_type: EventType, customer_id: str, start: datetime, end: datetime) -> int:
        await self._rate.wait()
        first, last = span_of(keys.hour_of(start))[0], span_of(keys.hour_of(end))[0]
        return await self._meters.counted(customer_id, event_type, first, last)

    def _tell(self, tenant_id: str, sent: dict[EventType, int], counted: dict[EventType, int]) -> None:
        for event_type in EventType:
            is_equal = sent[event_type] == counted[event_type]
            self._comparisons.add(1, {"billing.metering.comparison": "equal" if is_equal else "different"})
            if not is_equal:
                difference = abs(sent[event_type] - counted[event_type])
                self._drift.add(difference, {"billing.usage.event_type": event_type.value})
                figures = {"billing.metering.sent": sent[event_type], "billing.metering.counted": counted[event_type]}
                attributes = {"tenant.id": tenant_id, "billing.usage.event_type": event_type, **figures}
                log_event(_log, logging.ERROR, "metering.different", "Stripe's count is not what was sent", attributes)
