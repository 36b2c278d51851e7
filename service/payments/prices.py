"""Which of Stripe's prices belong to a plan."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.catalog import metered_lookup_key
from service.domain.tenant import Plan
from service.domain.usage import EventType
from service.errors import PaymentsUnavailableError
from service.payments.endpoints import Endpoint
from service.payments.transport import Transport

_LOG = logging.getLogger(__name__)
_LOOKUP_KEYS = [metered_lookup_key(plan, event_type) for plan in Plan for event_type in EventType]


@dataclass(frozen=True, slots=True)
class PlanPrices:
    """Price ids: `licensed` for the monthly fee, and one for each meter, by the meter's id."""

    licensed: str
    metered: Mapping[str, str]


class Prices:
    """Knows the licensed prices from the configuration, and asks once for the metered ones."""

    def __init__(self, transport: Transport, licensed: Mapping[Plan, str]) -> None:
        self._transport = transport
        self._licensed = licensed
        self._plans = {price_id: plan for plan, price_id in licensed.items()}
        self._known: Mapping[Plan, PlanPrices] = {}

    def plan_of(self, price_id: str) -> Plan | None:
        """The plan whose monthly fee the price is."""
        return self._plans.get(price_id)

    async def of(self, plan: Plan) -> PlanPrices:
        """The plan's prices; raises PaymentsUnavailableError where Stripe lacks one."""
        if not self._known:
            self._known = await self._ask()
        return self._known[plan]

    async def _ask(self) -> dict[Plan, PlanPrices]:
        listing = self._transport.client.v1.prices
        page = await self._transport.get(
            Endpoint.PRICES,
            lambda options: listing.list_async(
                {"lookup_keys": _LOOKUP_KEYS, "active": True, "limit": len(_LOOKUP_KEYS)}, options
            ),
        )
        found = {
            price.lookup_key: (price.recurring.meter, price.id)
            for price in page.data
            if price.lookup_key and price.recurring and price.recurring.meter
        }
        missing = [key for key in _LOOKUP_KEYS if key not in found]
        if missing:
            _LOG.error("Stripe has no metered price %s: run billing sync-catalog", ", ".join(missing))
            raise PaymentsUnavailableError
        return {
            plan: PlanPrices(
                self._licensed[plan], dict(found[metered_lookup_key(plan, event_type)] for event_type in EventType)
            )
            for plan in Plan
        }
