"""An intent as the ledger's hash of intents holds it, with what is known of its sending."""

import json
from dataclasses import dataclass

from service.domain.intent import Intent, parse_intent_id


@dataclass(frozen=True, slots=True)
class HeldIntent:
    """Times are unix seconds; `buried_at` is 0 and `reason` empty while the intent is to be sent.

    `asked` is the trace context of a request that reported part of it, if one is known.
    """

    intent: Intent
    customer_id: str
    attempts: int
    first_sent_at: int | None
    buried_at: int
    reason: str
    asked: str = ""


def read_intent(intent_id: str, text: str) -> HeldIntent:
    name, fields = parse_intent_id(intent_id), json.loads(text)
    return HeldIntent(
        Intent(name.tenant_id, name.event_type, name.hour, name.seq, int(fields["value"]), int(fields["timestamp"])),
        fields["customer_id"],
        int(fields["attempts"]),
        int(fields["first_sent_at"]) if fields["first_sent_at"] else None,
        int(fields["buried_at"] or 0),
        fields["reason"],
        fields.get("asked", ""),
    )
