"""Schemathesis over the running API: every check, each operation with tenants of its own.

A fuzzer that has canceled its tenant or revoked its key sees nothing but refusals from then on. So each operation has
its own tenant, with usage and a spare key, and gets a fresh one as soon as it has spoilt it; generated ids that are
well-formed become those of that tenant, and some events are dated now, so that requests get past the first look-up.
"""

import json
import re
import secrets
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests
import schemathesis
import stripe
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

ID, KEY = re.compile("[0-9a-f]{32}"), re.compile("[!-~]{1,255}")
USES = 100
ENDING = {
    "DELETE /tenants/{tenant_id}",
    "DELETE /tenants/{tenant_id}/keys",
    "DELETE /tenants/{tenant_id}/keys/{key_id}",
    "POST /tenants/{tenant_id}/keys/{key_id}/rotate",
    "POST /tenants/{tenant_id}/keys",
}
# What a well-formed request may meet beside success, because of what it means rather than how it is written.
POSITIVE = ["2xx", "304", "404", "409", "412", "429"]
NEGATIVE = ["400", "401", "404", "405", "409", "412", "413", "415", "422"]
MEANING = {
    "POST /billing/portal": "a return URL of an origin that is not allowed",
    "POST /billing/checkout": "a return URL of an origin that is not allowed",
    "GET /billing/invoices": "a cursor that was never given out",
    "GET /tenants/{tenant_id}/keys": "a cursor that was never given out",
    "GET /tenants/{tenant_id}/audit": "a cursor that was never given out",
    "GET /usage/{tenant_id}": "a cursor that was never given out, or a range that ends before it begins",
    "GET /usage/{tenant_id}/cost": "a month that is out of range",
    "POST /usage/{tenant_id}/corrections": "an hour out of range, or more taken away than was used",
    "POST /tenants/{tenant_id}/keys": "an expiry that is past",
    "POST /usage/report": "a number with more digits than a double can carry (400)",
}


@dataclass
class Owner:
    """A tenant for one operation."""

    tenant_id: str
    api_key: str
    key_id: str
    uses: int = 0

    @property
    def authorization(self) -> str:
        return f"Bearer {self.api_key}"


@dataclass
class Owners:
    """Whoever an operation is tried as; `spoil` makes the next request somebody else's."""

    base_url: str
    of_operation: dict[str, Owner] = field(default_factory=dict)
    opened: int = 0

    def of(self, label: str) -> Owner:
        owner = self.of_operation.get(label)
        if owner is None or owner.uses >= USES:
            owner = self.of_operation[label] = self._open()
        owner.uses += 1
        return owner

    def spoil(self, label: str) -> None:
        self.of_operation.pop(label, None)

    def _open(self) -> Owner:
        self.opened += 1
        plan = ("starter", "pro", "enterprise")[self.opened % 3]
        application = {"name": "Example", "email": "billing@example.com", "plan": plan}
        tenant = self._post("/tenants", application)
        headers = {"Authorization": f"Bearer {tenant['api_key']}"}
        spare = {"label": "spare", "scopes": ["usage:write"]}
        key = self._post(f"/tenants/{tenant['tenant_id']}/keys", spare, headers)
        event = {"event_id": "first", "event_type": "verify_events", "value": 5, "timestamp": now()}
        self._post("/usage/report", {"events": [event]}, headers)
        return Owner(tenant["tenant_id"], tenant["api_key"], key["key_id"])

    def _post(self, path, body, headers=None):
        response = requests.post(f"{self.base_url}{path}", json=body, headers=headers, timeout=10)
        assert response.status_code in (200, 201), response.text
        return response.json()


@dataclass
class Outcome:
    """What a run saw: answers by operation and status, and each failed check once, with a request that shows it."""

    answers: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[str, str] = field(default_factory=dict)
    tenants: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        return sum(sum(counts.values()) for counts in self.answers.values())

    @property
    def server_errors(self) -> int:
        return sum(n for counts in self.answers.values() for status, n in counts.items() if status >= 500)

    def render(self) -> str:
        """A table of answers, the failures, and one line of figures at the end."""
        statuses = sorted({status for counts in self.answers.values() for status in counts})
        lines = [f"{'operation':<52}" + "".join(f"{status:>7}" for status in statuses)]
        for label, counts in sorted(self.answers.items()):
            lines.append(f"{label:<52}" + "".join(f"{counts[status] or '':>7}" for status in statuses))
        lines += ["", *(f"{what}\n{how}\n" for what, how in self.failures.items())]
        figures = f"requests={self.requests} failures={len(self.failures)} server_errors={self.server_errors}"
        return "\n".join([*lines, f"{self.seconds:.0f} s, {self.tenants} tenants", figures, ""])


def fuzz(base_url: str, webhook_secret: str, examples: int, seed: int) -> Outcome:
    """Try every operation: all checks on the boundary cases of its description and on `examples` random ones."""
    owners, outcome, began = Owners(base_url), Outcome(), time.monotonic()
    schema = schemathesis.openapi.from_url(f"{base_url}/openapi.json", config=settings(examples, seed))
    schema.auth(refresh_interval=None)(as_owner(owners, webhook_secret))

    @schema.hook
    def after_call(_context, case, response):
        label, own = case.operation.label, owners.of_operation.get(case.operation.label)
        refused = response.status_code in (401, 403) and own and own.authorization == case.headers.get("Authorization")
        if refused or (label in ENDING and response.status_code < 300):
            owners.spoil(label)

    for event in from_schema(schema).execute():
        note(outcome, event)
    outcome.tenants, outcome.seconds = owners.opened, time.monotonic() - began
    return outcome


def settings(examples: int, seed: int) -> SchemathesisConfig:
    meaning = {
        label: {"positive_data_acceptance": {"expected-statuses": [*POSITIVE, "400", "422"]}} for label in MEANING
    }
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "checks": {
                "positive_data_acceptance": {"expected-statuses": POSITIVE},
                "negative_data_rejection": {"expected-statuses": NEGATIVE},
            },
            "output": {"sanitization": {"enabled": False}},
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
            "operations": [{"include-name": label, "checks": checks} for label, checks in meaning.items()],
        }
    )


def as_owner(owners: Owners, webhook_secret: str):
    """What makes a generated request that of the operation's own tenant."""

    class AsOwner:
        def get(self, case, _context):
            return owners.of(case.operation.label)

        def set(self, case, owner, _context):
            if case.operation.path == "/webhooks/stripe":
                sign(case, webhook_secret)
                return
            case.headers["Authorization"] = owner.authorization
            for name, own in (("tenant_id", owner.tenant_id), ("key_id", owner.key_id)):
                if ID.fullmatch(str(case.path_parameters.get(name, ""))):
                    case.path_parameters[name] = own
            if KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
                case.headers["Idempotency-Key"] = secrets.token_hex(16)
            if case.meta is None or case.meta.generation.mode.is_positive:
                case.body = sensible(case.body, owners.base_url, is_foreign=owner.uses % 4 == 0)

    return AsOwner


def sensible(body, base_url: str, *, is_foreign: bool):
    """Give valid values a meaning: every other event happens now, and browsers come back to this service."""
    if not isinstance(body, dict):
        return body
    back = {} if is_foreign else {name: f"{base_url}/signup" for name in body if name.endswith("_url")}
    listed = body.get("events")
    for event in (listed if isinstance(listed, list) else [])[::2]:
        if isinstance(event, dict) and isinstance(event.get("timestamp"), str):
            event["timestamp"] = now()
    return {**body, **back}


def sign(case, secret: str) -> None:
    """No description can say how to sign, so the webhook gets an event of Stripe's own form, each a new one."""
    event = {"id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": "customer.created", "created": 1}
    body = json.dumps({**event, "livemode": False, "data": {"object": {"id": "cus_1", "object": "customer"}}})
    case.body, case.media_type = body.encode(), "application/json"
    case.headers["Stripe-Signature"] = stripe.WebhookSignature.generate_signature_header(body, secret)


def note(outcome: Outcome, event: events.EngineEvent) -> None:
    if isinstance(event, events.NonFatalError | events.FatalError):
        outcome.failures[repr(event)] = ""
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        status = interaction.response.status_code if interaction.response else 599
        outcome.answers[event.recorder.label][status] += 1
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                what = f"{event.recorder.label}: {check.name}: {failure.title}"
                outcome.failures.setdefault(what, f"{failure.message}\n{check.failure_info.code_sample}")


def now() -> str:
    return datetime.now(UTC).isoformat()
