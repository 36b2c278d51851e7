"""For every operation a request that is taken, so that tests can spoil one part of it at a time."""

import copy
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from service.api.route import Route
from service.domain.api_key import issue
from service.domain.schema import Anything, Either, Listing, Nullable, Record, Schema
from service.routes import routes

MISSING = "0123456789abcdef" * 2
PUBLISHED = [route for route in routes() if not route.hidden]
GUARDED = [route for route in PUBLISHED if route.scope is not None]
WITH_BODY = [route for route in PUBLISHED if route.body is not None]
SECONDS = 20


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def now() -> str:
    return datetime.now(UTC).isoformat()


def example(route: Route, base_url: str) -> dict[str, object]:
    """A body that the route takes; a new route with a body adds its own here."""
    event = {"event_id": secrets.token_hex(8), "event_type": "sign_events", "value": 1, "timestamp": now()}
    back = f"{base_url}/signup"
    account = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    return {
        "create_tenant": account,
        "change_tenant": {**account, "monthly_budget_cents": 100},
        "activate_signup": {"token": ".".join(["eyJh" * 6, "eyJh" * 12, "A" * 86])},
        "create_key": {"label": "spare", "scopes": ["usage:read"], "expires_in_days": 3},
        "rotate_key": {"overlap_seconds": 60},
        "open_portal": {"return_url": back},
        "open_checkout": {"success_url": back, "cancel_url": back},
        "preview_bill": {"what_if": {"sign_events": 1}, "plan": "pro"},
        "report_usage": {"events": [{**event, "properties": {"colour": "blue"}}]},
        "correct_usage": {
            "correction_id": secrets.token_hex(8),
            "event_type": "sign_events",
            "value": -1,
            "timestamp": now(),
            "reason": "counted twice",
        },
    }[route.handler.__name__]


@dataclass(frozen=True)
class Party:
    """A tenant and a key of it."""

    tenant_id: str
    api_key: str
    key_id: str = MISSING

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}


def open_party(base_url: str, name: str = "Party") -> Party:
    account = {"name": name, "email": "party@example.com", "plan": "pro"}
    answer = requests.post(f"{base_url}/tenants", json=account, timeout=SECONDS)
    assert answer.status_code == 201, answer.text
    return Party(answer.json()["tenant_id"], answer.json()["api_key"])


def narrow(base_url: str, party: Party, scope: str) -> Party:
    """The same tenant with a key of this scope alone."""
    order = {"label": scope, "scopes": [scope]}
    url = f"{base_url}/tenants/{party.tenant_id}/keys"
    answer = requests.post(url, json=order, headers=party.headers, timeout=SECONDS)
    assert answer.status_code == 201, answer.text
    return Party(party.tenant_id, answer.json()["api_key"], answer.json()["key_id"])


def made_up_key(tenant_id: str) -> str:
    """Well-formed in every respect, and nobody's."""
    return issue(tenant_id, 1_700_000_000, secrets.token_bytes(16), secrets.token_bytes(32)).text


def path_of(route: Route, of_tenant: str = MISSING, **own: str) -> str:
    parts = {"tenant_id": of_tenant, "key_id": MISSING, "token": "0" * 20, "event_type": "sign_events"}
    return route.path.format(**{**parts, **own})


def records(schema: Schema, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Record]]:
    """Every object with known fields in a body, and where the example has it."""
    if isinstance(schema, Record):
        yield path, schema
        for name, part in schema.fields.items():
            yield from records(part, (*path, name))
    elif isinstance(schema, Listing):
        yield from records(schema.items, (*path, 0))
    elif isinstance(schema, Nullable):
        yield from records(schema.schema, path)
    elif isinstance(schema, Either):
        for choice in schema.schemas:
            yield from records(choice, path)
    elif isinstance(schema, Anything) and schema.shown is not None:
        yield from records(schema.shown, path)


def texts(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where an example has a text."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from texts(part, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from texts(part, (*path, index))


def put(document: dict[str, object], path: tuple[str | int, ...], value: object) -> dict[str, object]:
    """A copy of the document with another value at that place."""
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed
