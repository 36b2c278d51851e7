"""Stripe's meters of the catalogue's event types."""

from collections.abc import Mapping
from typing import Protocol

from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.intent import Intent
from service.payments.objects import Delivery


class MeterGateway(Protocol):
    """The part of the gateway to Stripe that is about usage."""

    @property
    def is_shut(self) -> bool: ...

    async def send_meter_event(
        self, event_name: str, customer_id: str, value: int, identifier: str, timestamp: int
    ) -> Delivery: ...

    async def meter_summary(self, event_name: str, customer_id: str, start: int, end: int) -> int: ...


class Meters:
    """Raises PaymentsUnavailableError where Stripe does not answer, PaymentsRejectedError where it refuses."""

    def __init__(self, gateway: MeterGateway, names: Mapping[EventType, str]) -> None:
        self._gateway = gateway
        self._names = names

    @property
    def is_shut(self) -> bool:
        """True while calls fail without being sent."""
        return self._gateway.is_shut

    async def send(self, customer_id: str, intent: Intent) -> Delivery:
        """Tell of the customer's usage, once per intent."""
        name = self._names[intent.event_type]
        return await self._gateway.send_meter_event(name, customer_id, intent.value, intent.intent_id, intent.timestamp)

    async def counted(self, customer_id: str, event_type: EventType, start: int, end: int) -> int:
        """Units that Stripe has counted from `start` to before `end`, in unix seconds; it may lag behind."""
        return await self._gateway.meter_summary(self._names[event_type], customer_id, start, end)


def meter_names(catalog: Catalog) -> dict[EventType, str]:
    return {event_type: terms.meter for event_type, terms in catalog.events.items()}
