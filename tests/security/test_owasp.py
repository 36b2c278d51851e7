"""OWASP API Security Top 10 (2023), tried on every route that there is; nothing here lists routes by hand."""

import json

import psutil
import pytest
import requests

from service.api.body import MAX_BODY_BYTES
from service.api.route import Answer
from service.domain.api_key import Scope
from service.domain.schema import Listing, Record, Whole
from service.domain.usage import MAX_EVENTS
from service.middleware.security_headers import SECURITY_HEADERS
from service.routes import routes
from tests.security.operations import (
    GUARDED,
    MISSING,
    PUBLISHED,
    SECONDS,
    WITH_BODY,
    example,
    made_up_key,
    named,
    narrow,
    open_party,
    path_of,
    put,
    records,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND")
FORGOTTEN = (
    *("/metrics", "/debug", "/debug/pprof", "/admin", "/actuator/health", "/internal", "/v1/tenants", "/api/tenants"),
    *("/swagger.json", "/graphql", "/.env", "/.git/config", "/server-status", "/console", "/_sandbox/state"),
    *("/tenants", "/billing", "/pages/../config.py", "/pages/%2e%2e/config.py", "/openapi.yaml", "/backup"),
)
HIDDEN = {"/signup", "/docs", "/pages/{file}"}


@pytest.fixture(scope="module")
def party(stack):
    return open_party(stack.base_url)


@pytest.fixture(scope="module")
def http():
    with requests.Session() as session:
        yield session


def bad_credentials(party):
    """Every way to be nobody, by name; a good key where none is looked for is one of them."""
    key, made_up = party.api_key, made_up_key(party.tenant_id)
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    return {
        "none": {},
        "empty": {"Authorization": ""},
        "scheme alone": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": f"Basic {key}"},
        "no scheme": {"Authorization": key},
        "wrong checksum": {"Authorization": f"Bearer {wrong}"},
        "made up": {"Authorization": f"Bearer {made_up}"},
        "key with a tail": {"Authorization": f"Bearer {key}0"},
        "no key but a token": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
        "in another header": {"X-API-Key": key},
    }


def test_api2_nobody_enters_anywhere_and_all_are_told_the_same(stack, party, http, proves):
    told = set()
    tried = 0
    for route in GUARDED:
        url = f"{stack.base_url}{path_of(route, party.tenant_id)}"
        for kind, headers in bad_credentials(party).items():
            answer = http.request(
                route.method, url, headers=headers, params={"api_key": party.api_key}, timeout=SECONDS
            )
            assert answer.status_code == 401, f"{named(route)}: {kind}: {answer.status_code} {answer.text}"
            problem = {**answer.json(), "request_id": ""}
            told.add((answer.headers["WWW-Authenticate"], json.dumps(problem, sort_keys=True)))
            tried += 1
    assert len(told) == 1
    proves("API2", f"{tried} of {tried} requests (routes x bad credentials) get the same 401")


def test_api3_no_body_takes_a_property_that_is_not_its_own(stack, party, http, proves):
    """Tried in every object of every body: each property that any answer has, and some that only attackers know."""
    known = {"is_admin", "role", "__proto__", "constructor", "tenant_id", "price", "amount_cents"}
    for route in PUBLISHED:
        for answer in json_answers(route):
            known |= {name for _, record in records(answer.body) for name in record.fields}
    tried = 0
    for route in WITH_BODY:
        body, url = example(route, stack.base_url), f"{stack.base_url}{path_of(route, party.tenant_id)}"
        for path, record in records(route.body):
            for name in sorted(known - record.fields.keys()):
                spoilt = put(body, (*path, name), "active")
                answer = http.request(route.method, url, json=spoilt, headers=party.headers, timeout=SECONDS)
                assert is_refused(answer, name), f"{named(route)} {path} {name}: {answer.status_code} {answer.text}"
                tried += 1
    proves("API3", f"{tried} of {tried} foreign properties refused")


def is_refused(answer, name):
    """Refused for that property alone."""
    if answer.status_code == 200:  # a report judges each of its events by itself
        results = answer.json()["results"]
        return [(one["status"], one["code"]) for one in results] == [("rejected", "unknown_field")]
    faults = answer.json().get("errors", [])
    return answer.status_code == 422 and [one["field"].split(".")[-1] for one in faults] == [name]


def test_api3_no_answer_has_more_than_its_description(stack, http, proves):
    owner = open_party(stack.base_url)
    read = [route for route in PUBLISHED if route.method == "GET" and json_answers(route)]
    for route in read:
        url = f"{stack.base_url}{path_of(route, owner.tenant_id)}"
        answer = http.get(url, headers=owner.headers, timeout=SECONDS)
        described = {one.status: one.body for one in json_answers(route)}
        assert answer.status_code in described, f"{named(route)}: {answer.status_code}"
        assert list(described[answer.status_code].faults(answer.json(), "")) == [], named(route)
        extra = put_extra(answer.json())
        assert not isinstance(described[answer.status_code], Record) or list(
            described[answer.status_code].faults(extra, "")
        ), "the description would not notice one more property"
    proves("API3", f"answers of {len(read)} reading routes hold no more than described")


def json_answers(route) -> list[Answer]:
    return [one for one in route.answers if one.body is not None]


def put_extra(document):
    return {**document, "customer_id": "cus_1"}


def test_api4_every_list_has_an_end(stack, party, http, proves):
    listing = [route for route in PUBLISHED if has_pages(route)]
    assert listing
    for route in listing:
        schema = route.query["limit"]
        assert isinstance(schema, Whole)
        assert schema.high <= 1000, named(route)
        url = f"{stack.base_url}{path_of(route, party.tenant_id)}"
        for limit in ("0", "-1", str(schema.high + 1), "9" * 30, "1e9"):
            answer = http.get(url, params={"limit": limit}, headers=party.headers, timeout=SECONDS)
            assert answer.status_code == 422, f"{named(route)} limit={limit}"
    proves("API4", f"{len(listing)} lists bounded")


def has_pages(route):
    """Whether it takes a limit, or an answer of it goes on elsewhere."""
    answers = [record for answer in json_answers(route) for _, record in records(answer.body)]
    return "limit" in route.query or any("next_cursor" in record.fields for record in answers)


def test_api4_every_body_has_a_size(stack, party, http, proves):
    huge = b'{"name":"' + b"x" * MAX_BODY_BYTES + b'"}'
    for route in WITH_BODY:
        url = f"{stack.base_url}{path_of(route, party.tenant_id)}"
        headers = {**party.headers, "Content-Type": "application/json"}
        answer = http.request(route.method, url, data=huge, headers=headers, timeout=SECONDS)
        assert answer.status_code == 413, f"{named(route)}: {answer.status_code}"
    for route in WITH_BODY:
        for _, record in records(route.body):
            lists = [part for part in record.fields.values() if isinstance(part, Listing)]
            assert all(part.high is not None for part in lists), f"{named(route)}: a list without an end"
    many = {"events": [{}] * (MAX_EVENTS + 1)}
    answer = http.post(f"{stack.base_url}/usage/report", json=many, headers=party.headers, timeout=SECONDS)
    assert answer.status_code == 422
    proves("API4", f"{len(WITH_BODY)} bodies bounded to {MAX_BODY_BYTES} bytes, a report to {MAX_EVENTS} events")


def test_api5_a_key_does_what_its_scope_says_and_nothing_else(stack, http, proves):
    """Tried about a tenant that does not exist, so that nothing happens where a request is allowed."""
    party = open_party(stack.base_url)
    tried = 0
    for scope in Scope:
        headers = narrow(stack.base_url, party, scope).headers
        for route in GUARDED:
            url = f"{stack.base_url}{path_of(route, MISSING)}"
            answer = http.request(route.method, url, headers=headers, timeout=SECONDS)
            is_forbidden = answer.status_code == 403 and answer.json()["code"] == "insufficient_scope"
            assert is_forbidden == (scope is not route.scope), f"{scope} {named(route)}: {answer.status_code}"
            assert answer.status_code not in (401, 500)
            tried += 1
    proves("API5", f"{tried} of {tried} (routes x scopes) exactly as the contract says")


def test_api8_a_method_that_is_not_served_is_refused_in_plain_words(stack, http, proves):
    served = {}
    for route in routes():
        served.setdefault(route.path, set()).add(route.method)
    tried = 0
    for path, methods in served.items():
        url = stack.base_url + path.format(tenant_id=MISSING, key_id=MISSING, token="x", event_type="x", file="x")
        for method in set(METHODS) - methods - {"CONNECT"}:
            answer = http.request(method, url, timeout=SECONDS)
            assert answer.status_code in (404, 405), f"{method} {path}: {answer.status_code}"
            assert all(name in answer.headers for name in SECURITY_HEADERS), f"{method} {path}"
            assert "Server" not in answer.headers
            assert not any(word in answer.text for word in ("Traceback", "aiohttp", ".py", "File "))
            tried += 1
    proves("API8", f"{tried} of {tried} (paths x methods) refused with all headers, no banner, no stack")


def test_api9_what_is_served_is_described_and_nothing_else(stack, http, proves):
    described = {
        (method.upper(), path)
        for path, operations in http.get(f"{stack.base_url}/openapi.json", timeout=SECONDS).json()["paths"].items()
        for method in operations
    }
    assert described == {(route.method, route.path) for route in PUBLISHED}
    assert {route.path for route in routes() if route.hidden} == HIDDEN
    for path in FORGOTTEN:
        answer = http.get(stack.base_url + path, timeout=SECONDS)
        assert answer.status_code in (404, 405), f"{path}: {answer.status_code}"
    proves("API9", f"{len(described)} operations served = described, {len(FORGOTTEN)} usual forgotten paths absent")


def test_api9_the_service_listens_on_one_port(stack, proves):
    port = int(stack.base_url.rsplit(":", 1)[1])
    listening = [one for one in psutil.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    (pid,) = {one.pid for one in listening if one.laddr.port == port}
    ports = {one.laddr.port for one in listening if one.pid == pid}
    assert ports == {port}
    proves("API9", "1 listening port")
