"""Intents: what is to be told to Stripe of one tenant, event type and hour; once made, never changed."""

from dataclasses import dataclass

from service.domain.c2pa_facts import EventType

_PARTS = 4


@dataclass(frozen=True, slots=True)
class Intent:
    """`value` is signed and never 0; `hour` is the billed one, as 2026-11-23T06; `timestamp` is in unix seconds."""

    tenant_id: str
    event_type: EventType
    hour: str
    seq: int
    value: int
    timestamp: int

    @property
    def intent_id(self) -> str:
        """At most 100 characters, and so fit to be Stripe's identifier."""
        return f"{self.tenant_id}:{self.event_type}:{self.hour}:{self.seq}"


@dataclass(frozen=True, slots=True)
class IntentName:
    """What an intent's id says."""

    tenant_id: str
    event_type: EventType
    hour: str
    seq: int

    @property
    def month(self) -> str:
        return self.hour[: len("2026-11")]


def parse_intent_id(text: str) -> IntentName:
    """Raises ValueError."""
    parts = text.split(":")
    if len(parts) != _PARTS:
        raise ValueError(f"expected an intent id <tenant>:<event type>:<hour>:<number>, got {text!r}")
    tenant_id, event_type, hour, seq = parts
    return IntentName(tenant_id, EventType(event_type), hour, int(seq))
