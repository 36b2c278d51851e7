"""Nobody can tell another tenant from one that does not exist, nor change it: tried on every route that there is."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests

from service.archive.reader import read_archive
from service.archive.segments import shard_folder
from service.domain.schema import Record
from service.ledger.keys import events, shard_of
from service.routes import routes

MISSING = "0123456789abcdef" * 2
SETTLED_SECONDS = 6.0
ROUTES = [route for route in routes() if route.scope is not None]
IN_PATH = [route for route in ROUTES if "{tenant_id}" in route.path]
# What a route's body or query needs to be taken, by the operation's name; a new route that needs one adds it here.
BODIES = {
    "change_tenant": {"name": "Changed", "email": "changed@example.com", "plan": "enterprise"},
    "create_key": {"label": "stolen", "scopes": ["usage:read"]},
    "rotate_key": {"overlap_seconds": 60},
    "correct_usage": {"correction_id": "c-1", "event_type": "verify_events", "value": -1, "reason": "counted twice"},
}


@dataclass(frozen=True)
class Party:
    """A tenant with usage and a spare key."""

    tenant_id: str
    api_key: str
    spare_key_id: str

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.api_key}"}


def open_party(base_url, name):
    application = {"name": name, "email": f"{name}@example.com", "plan": "pro"}
    tenant = requests.post(f"{base_url}/tenants", json=application, timeout=10).json()
    party = Party(tenant["tenant_id"], tenant["api_key"], "")
    spare = {"label": "spare", "scopes": ["usage:write"]}
    url = f"{base_url}/tenants/{party.tenant_id}/keys"
    key = requests.post(url, json=spare, headers=party.headers, timeout=10).json()
    event = {"event_id": "first", "event_type": "verify_events", "value": 5, "timestamp": now()}
    answer = requests.post(f"{base_url}/usage/report", json={"events": [event]}, headers=party.headers, timeout=10)
    assert answer.json()["results"][0]["status"] == "accepted"
    return Party(party.tenant_id, party.api_key, key["key_id"])


@pytest.fixture(scope="module")
def victim(stack):
    """A tenant that does nothing any more: what it did is written down before it is looked at."""
    party = open_party(stack.base_url, "victim")
    time.sleep(SETTLED_SECONDS)
    return party


@pytest.fixture(scope="module")
def attacker(stack):
    return open_party(stack.base_url, "attacker")


def ledger_of(stack, party):
    """Everything that is kept of a tenant: keys that name it or its API key, and its entries in journal and archive."""
    with stack.redis() as ledger:
        names = sorted(ledger.scan_iter(count=1000))
        marks = (party.tenant_id.encode(), party.spare_key_id.encode(), party.api_key.split("_")[2].encode())
        own = {name: ledger.dump(name) for name in names if any(mark in name for mark in marks)}
        tag = f"{{s{shard_of(party.tenant_id):02d}}}".encode()
        journal = ledger.xrange(events(shard_of(party.tenant_id)))
        shared = [name for name in names if name.startswith(tag) and ledger.type(name) in (b"set", b"zset")]
        members = [(name, party.tenant_id in str(ledger.dump(name))) for name in shared]
    archived = [one.entry for one in read_archive(shard_folder(stack.folder / "data", shard_of(party.tenant_id)))]
    entries = {entry.id for entry in archived if party.tenant_id in str(entry.fields)}
    entries |= {number.decode() for number, fields in journal if party.tenant_id in str(fields)}
    assert len(own) >= 4
    assert entries
    return own, entries, members


def send(stack, route, tenant_id, key_id, sender):
    """Send a route a request about a tenant, as `sender`."""
    path = route.path.format(tenant_id=tenant_id, key_id=key_id)
    body = BODIES.get(route.handler.__name__)
    if route.handler.__name__ == "correct_usage":
        body = {**body, "timestamp": now()}
    return requests.request(
        route.method, f"{stack.base_url}{path}", json=body, headers=sender.headers, timeout=10, allow_redirects=False
    )


def without_ids(response):
    """The answer but for what differs between any two: request id and date."""
    own = ("X-Request-Id", "Date")
    standing = ("RateLimit", "X-RateLimit-")  # says how much the sender has asked before
    headers = {name: value for name, value in response.headers.items() if name not in own}
    headers = {name: value for name, value in headers.items() if not name.startswith(standing)}
    return response.status_code, headers, response.content.replace(response.headers["X-Request-Id"].encode(), b"")


@pytest.mark.parametrize("route", IN_PATH, ids=lambda route: f"{route.method} {route.path}")
def test_a_foreign_tenant_is_a_missing_one(stack, victim, attacker, route):
    before = ledger_of(stack, victim)
    foreign = send(stack, route, victim.tenant_id, victim.spare_key_id, attacker)
    missing = send(stack, route, MISSING, "f" * 32, attacker)
    assert foreign.status_code == 404
    assert without_ids(foreign) == without_ids(missing)
    assert ledger_of(stack, victim) == before


@pytest.mark.parametrize(
    "route", [route for route in IN_PATH if "{key_id}" in route.path], ids=lambda route: f"{route.method} {route.path}"
)
def test_a_foreign_key_is_a_missing_one_even_under_ones_own_name(stack, victim, attacker, route):
    before = ledger_of(stack, victim)
    foreign = send(stack, route, attacker.tenant_id, victim.spare_key_id, attacker)
    missing = send(stack, route, attacker.tenant_id, attacker.tenant_id[:2] + "f" * 30, attacker)
    assert foreign.status_code == 404
    assert without_ids(foreign) == without_ids(missing)
    assert ledger_of(stack, victim) == before


@pytest.mark.parametrize("route", IN_PATH, ids=lambda route: f"{route.method} {route.path}")
def test_the_same_request_works_for_its_owner(stack, route):
    """Without this, a request that nobody could make would pass for one that was refused."""
    owner = open_party(stack.base_url, "owner")
    answer = send(stack, route, owner.tenant_id, owner.spare_key_id, owner)
    assert answer.status_code < 300, f"teach BODIES what {route.handler.__name__} needs: {answer.text}"


def test_every_parameter_of_a_path_is_one_that_is_tried():
    names = {name for route in ROUTES for name in re.findall(r"{(\w+)}", route.path)}
    assert names <= {"tenant_id", "key_id"}, "teach `send` the new ones"


def test_no_body_but_an_events_names_a_tenant():
    named = {route.handler.__name__ for route in ROUTES if isinstance(route.body, Record) and names_tenant(route.body)}
    assert named == set(), "try those with a foreign tenant, too"


def names_tenant(record):
    return "tenant_id" in record.fields or any(
        names_tenant(part) for part in record.fields.values() if isinstance(part, Record)
    )


def test_an_event_of_another_tenant_is_rejected_as_one_of_nobody(stack, victim, attacker):
    before = ledger_of(stack, victim)
    answers = []
    for tenant_id in (victim.tenant_id, MISSING):
        event = {"event_id": "theirs", "event_type": "sign_events", "value": 1, "timestamp": now()}
        body = {"events": [{**event, "tenant_id": tenant_id}]}
        url = f"{stack.base_url}/usage/report"
        answers.append(requests.post(url, json=body, headers=attacker.headers, timeout=10))
    foreign, missing = answers
    assert foreign.json()["results"][0]["status"] == "rejected"
    assert without_ids(foreign) == without_ids(missing)
    assert ledger_of(stack, victim) == before


def now():
    return datetime.now(UTC).isoformat()
