"""How the scripts that take usage are told what to take, under which terms."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.billing_period import billing_instant
from service.domain.c2pa_facts import EventType
from service.domain.catalog import Catalog
from service.domain.pricing import encode_tiers
from service.domain.timestamp import format_rfc3339
from service.domain.usage import MAX_VALUE
from service.errors import NotFoundError, TenantCanceledError, TenantSuspendedError
from service.ledger import keys
from service.telemetry.spans import Span

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


@dataclass(frozen=True, slots=True)
class Use:
    """Something that changes what was used: an event or a correction.

    `claim` tells it from another one of the same id; `claims` is the key that holds it, until `claims_expire` in unix
    seconds.
    """

    use_id: str
    claim: str
    claims: str
    claims_expire: int | None
    event_type: EventType
    value: int
    timestamp: datetime
    properties: str = "{}"


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """What one request reports of a tenant; `now` is in UTC. `span` is the request's, `trace` its context as text."""

    tenant_id: str
    now: datetime
    request_id: str
    uses: Sequence[Use]
    trace: str = ""
    span: Span | None = None


class MeteringCall:
    """Keys and arguments of one call for requests of one shard; each key stands once, referred to by its Lua index."""

    def __init__(self, shard: int, terms: str, requests: Sequence[UsageRequest]) -> None:
        self.keys = [keys.events(shard), keys.unsealed(shard), keys.asked(shard)]
        self._indexes = {name: index for index, name in enumerate(self.keys, start=1)}
        self.arguments: list[str | int] = [terms, len(requests)]
        for request in requests:
            self._add_request(request)

    def _add_request(self, request: UsageRequest) -> None:
        tenant_id = request.tenant_id
        self.arguments += [tenant_id, keys.day_of(request.now), request.request_id]
        for name in (keys.tenant, keys.trail, keys.months, keys.trial, keys.spend):
            self.arguments.append(self._index(name(tenant_id)))
        self.arguments += [request.trace, len(request.uses)]
        for use in request.uses:
            self._add_use(tenant_id, use, billing_instant(use.timestamp, request.now))

    def _add_use(self, tenant_id: str, use: Use, billed_at: datetime) -> None:
        self.arguments += [
            self._index(use.claims),
            "" if use.claims_expire is None else use.claims_expire,
            use.use_id,
            use.claim,
            self._index(keys.hours(tenant_id, keys.month_of(use.timestamp))),
            keys.hour_of(use.timestamp),
            self._index(keys.billed(tenant_id, keys.month_of(billed_at))),
            keys.hour_of(billed_at),
            use.value,
            use.event_type.value,
            format_rfc3339(use.timestamp),
            int(use.timestamp.timestamp()),
            use.properties,
        ]

    def _index(self, name: str) -> int:
        if name not in self._indexes:
            self.keys.append(name)
            self._indexes[name] = len(self.keys)
        return self._indexes[name]
