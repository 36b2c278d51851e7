"""Asks Stripe what it has counted, for every hour of the months in which something was sealed."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from service.audit.figures import Figures, Place
from service.domain.c2pa_facts import EventType
from service.ledger import keys

_MONTH = len("2026-11")


class HourlyCounts(Protocol):
    """The part of the gateway to Stripe that says what it has counted."""

    async def meter_hours(self, event_name: str, customer_id: str, start: int, end: int) -> Mapping[int, int]: ...


class StripeCounts:
    """`meters` names the meter of each event type; raises PaymentsUnavailableError, PaymentsRejectedError."""

    def __init__(self, gateway: HourlyCounts, meters: Mapping[EventType, str], now: datetime) -> None:
        self._gateway = gateway
        self._meters = meters
        self._now = now

    async def add(self, customers: Mapping[str, str], figures: defaultdict[Place, Figures]) -> None:
        """Fill in what Stripe has of each tenant with a customer, hours of which only Stripe knows included."""
        sealed = {place for place, each in figures.items() if each.sealed and place[0] in customers}
        for place in sealed:
            figures[place].stripe = 0
        for tenant_id, event_type, month in sorted({(*place[:2], place[2][:_MONTH]) for place in sealed}):
            meter = self._meters[EventType(event_type)]
            counted = await self._gateway.meter_hours(meter, customers[tenant_id], *_span(month, self._now))
            for start, units in counted.items():
                figures[tenant_id, event_type, keys.hour_of(datetime.fromtimestamp(start, UTC))].stripe = units


def _span(month: str, now: datetime) -> tuple[int, int]:
    """The month in unix seconds, or as much of it as there has been, in full hours."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    end = (start + timedelta(days=31)).replace(day=1)
    current = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return int(start.timestamp()), int(max(start + timedelta(hours=1), min(end, current)).timestamp())
