"""What clients ask for: the mix as data, and the builder that draws requests from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log
from types import MappingProxyType

import msgspec

from loadtests.seeds import stream

# Shares of the arrivals, in percent.
MIX: Mapping[str, int] = MappingProxyType({"usage_report": 70, "usage_read": 14, "tenant_read": 14, "sign_up": 2})
# Shares of the events, in percent. Content is checked far more often than it is signed; and what costs most is rare
# enough that tenants in their trial stay below its 200 signs and their daily cost cap during a run of several minutes.
EVENT_TYPES: Mapping[str, int] = MappingProxyType({"verify_events": 98, "rfc3161_timestamps": 1, "sign_events": 1})
MAX_VALUE: Mapping[str, int] = MappingProxyType({"verify_events": 20, "rfc3161_timestamps": 1, "sign_events": 1})
# What happened to the content, in parts of ten thousand: nearly all of it still has its credential.
OUTCOMES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "verify_events": {"found": 9_990, "missing": 8, "invalid": 2},
        "rfc3161_timestamps": {"success": 9_995, "failure": 5},
        "sign_events": {"success": 9_995, "failure": 5},
    }
)
DISCOVERIES: Mapping[str, int] = MappingProxyType({"remote": 70, "embedded": 30})
# Median duration in milliseconds; durations are log-normal around it.
DURATION_MS: Mapping[str, int] = MappingProxyType({"verify_events": 120, "rfc3161_timestamps": 60, "sign_events": 150})
DURATION_SPREAD = 0.5
MAX_DURATION_MS = 600_000
EVENTS_PER_REPORT = range(1, 11)
SIGN_UP_PLANS: Mapping[str, int] = MappingProxyType({"starter": 60, "pro": 30, "enterprise": 10})


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant that the run created and reports usage for."""

    tenant_id: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Event:
    """One usage event as it is sent; the timestamp is RFC 3339 in UTC, `properties` what happened to the content."""

    event_id: str
    event_type: str
    value: int
    timestamp: str
    properties: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, the same bytes at every attempt."""

    name: str
    method: str
    path: str
    body: bytes | None = None
    tenant: Tenant | None = None
    events: tuple[Event, ...] = ()


def sign_up(email: str, plan: str) -> Request:
    """A request that creates a tenant."""
    body = msgspec.json.encode({"name": f"Load {email.partition('@')[0]}", "email": email, "plan": plan})
    return Request("POST /tenants", "POST", "/tenants", body)


def tenant_read(tenant: Tenant) -> Request:
    """A tenant asks for its own record."""
    return Request("GET /tenants/{tenant_id}", "GET", f"/tenants/{tenant.tenant_id}", tenant=tenant)


def usage_read(tenant: Tenant) -> Request:
    """A tenant asks for its own usage."""
    return Request("GET /usage/{tenant_id}", "GET", f"/usage/{tenant.tenant_id}", tenant=tenant)


def usage_report(tenant: Tenant, events: tuple[Event, ...]) -> Request:
    """A tenant reports usage events."""
    body = msgspec.json.encode({"events": events})
    return Request("POST /usage/report", "POST", "/usage/report", body, tenant, events)


class Traffic:
    """Draws requests from the mix; the seed fixes the draws, `run_id` keeps ids unique between runs."""

    def __init__(self, seed: int, run_id: str, tenants: Sequence[Tenant]) -> None:
        self._rng = stream("traffic", seed)
        self._run_id = run_id
        self._tenants = tenants
        self._serial = 0

    def draw(self, now: float) -> Request:
        """The next request of the mix, its events dated `now` (unix seconds)."""
        kind = self._weighted(MIX)
        if kind == "sign_up":
            email = f"sign-up-{self._next_id()}@example.com"
            return sign_up(email, self._weighted(SIGN_UP_PLANS))
        tenant = self._rng.choice(self._tenants)
        if kind == "tenant_read":
            return tenant_read(tenant)
        if kind == "usage_read":
            return usage_read(tenant)
        return usage_report(tenant, self._events(now))

    def _events(self, now: float) -> tuple[Event, ...]:
        timestamp = rfc3339(now)
        count = self._rng.choice(EVENTS_PER_REPORT)
        return tuple(self._event(timestamp) for _ in range(count))

    def _event(self, timestamp: str) -> Event:
        event_type = self._weighted(EVENT_TYPES)
        value = self._rng.randint(1, MAX_VALUE[event_type])
        return Event(self._next_id(), event_type, value, timestamp, self._properties(event_type))

    def _properties(self, event_type: str) -> dict[str, str | int]:
        duration_ms = self._rng.lognormvariate(log(DURATION_MS[event_type]), DURATION_SPREAD)
        known: dict[str, str | int] = {
            "outcome": self._weighted(OUTCOMES[event_type]),
            "duration_ms": min(round(duration_ms), MAX_DURATION_MS),
        }
        return known if event_type == "rfc3161_timestamps" else {**known, "discovery": self._weighted(DISCOVERIES)}

    def _next_id(self) -> str:
        self._serial += 1
        return f"{self._run_id}-{self._serial}"

    def _weighted(self, shares: Mapping[str, int]) -> str:
        return self._rng.choices(list(shares), weights=list(shares.values()))[0]


def rfc3339(unix_seconds: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
