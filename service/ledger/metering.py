"""How the scripts that take usage are told what to take, under which terms."""

import json
from datetime import datetime

from service.domain.billing_period import billing_instant
from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.pricing import encode_tiers
from service.domain.timestamp import format_rfc3339
from service.domain.usage import MAX_VALUE
from service.errors import NotFoundError, TenantCanceledError, TenantSuspendedError
from service.ledger import keys

_EXACT = 2**53
"""Lua's numbers are doubles: whole numbers below this are exact."""

REFUSALS = {"missing": NotFoundError, "suspended": TenantSuspendedError, "canceled": TenantCanceledError}
"""Why a tenant may not use anything, as the scripts say it."""


def encode_terms(catalog: Catalog) -> str:
    """The plans' tiers and caps, the trial's caps and the ladder, as the scripts read them.

    Raises ValueError where an amount could outgrow what Lua counts exactly.
    """
    plans = {}
    for plan, terms in catalog.plans.items():
        tiers = {each: catalog.tiers(plan, each) for each in EventType}
        dearest = max(tier.unit_microcents for each in tiers.values() for tier in each)
        if 100 * terms.daily_cost_cap_microcents + MAX_VALUE * dearest >= _EXACT:
            raise ValueError(f"plan {plan}: expected prices and a cap whose amounts stay below 2^53 micro-cents")
        encoded = {str(each): encode_tiers(found) for each, found in tiers.items()}
        plans[str(plan)] = {"cap": terms.daily_cost_cap_microcents, "tiers": encoded}
    caps = {str(event_type): cap for event_type, cap in catalog.trial.caps.items()}
    return json.dumps({"plans": plans, "trial_caps": caps, "ladder": catalog.cap_ladder_percent})


class MeteringCall:
    """Keys and arguments of one call; each key stands once and is referred to by its Lua index."""

    def __init__(self, tenant_id: str, now: datetime, terms: str, request_id: str) -> None:
        self._tenant_id = tenant_id
        self._now = now
        self.keys = [
            keys.tenant(tenant_id),
            keys.events(keys.shard_of(tenant_id)),
            keys.trail(tenant_id),
            keys.months(tenant_id),
            keys.trial(tenant_id),
            keys.spend(tenant_id),
        ]
        self._indexes = {name: index for index, name in enumerate(self.keys, start=1)}
        self.arguments: list[str | int] = [tenant_id, int(now.timestamp()), keys.day_of(now), terms, request_id]

    def add(
        self,
        identity: tuple[str, str],
        claims: tuple[str, int | None],
        used: tuple[EventType, int, datetime],
        properties: str = "{}",
    ) -> None:
        """Add a use: its id and digest; the key that claims it and when that expires; type, value and timestamp."""
        event_type, value, timestamp = used
        billed_at = billing_instant(timestamp, self._now)
        self.arguments += [
            self._index(claims[0]),
            "" if claims[1] is None else claims[1],
            *identity,
            self._index(keys.hours(self._tenant_id, keys.month_of(timestamp))),
            keys.hour_of(timestamp),
            self._index(keys.billed(self._tenant_id, keys.month_of(billed_at))),
            keys.hour_of(billed_at),
            value,
            event_type.value,
            format_rfc3339(timestamp),
            int(timestamp.timestamp()),
            properties,
        ]

    def _index(self, name: str) -> int:
        if name not in self._indexes:
            self.keys.append(name)
            self._indexes[name] = len(self.keys)
        return self._indexes[name]
