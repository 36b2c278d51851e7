import json
import re
from collections import Counter

import pytest

from loadtests.traffic import EVENT_TYPES, MAX_DURATION_MS, MAX_VALUE, MIX, Request, Tenant, Traffic, rfc3339

TENANTS = [Tenant(f"t{number}", f"key-{number}") for number in range(5)]
NOW = 1_790_000_000.25
NAMES = {
    "usage_report": "POST /usage/report",
    "usage_read": "GET /usage/{tenant_id}",
    "tenant_read": "GET /tenants/{tenant_id}",
    "sign_up": "POST /tenants",
}


def drawn(count: int, seed: int = 1, run_id: str = "run") -> list[Request]:
    traffic = Traffic(seed, run_id, TENANTS)
    return [traffic.draw(NOW) for _ in range(count)]


def test_shares_are_whole_percents() -> None:
    assert sum(MIX.values()) == 100
    assert sum(EVENT_TYPES.values()) == 100
    assert set(MAX_VALUE) == set(EVENT_TYPES)


def test_the_mix_is_met() -> None:
    counts = Counter(request.name for request in drawn(10_000))
    assert set(counts) == set(NAMES.values())
    for kind, percent in MIX.items():
        assert counts[NAMES[kind]] / 100 == pytest.approx(percent, abs=1.5)


def test_event_ids_are_unique_and_values_whole_and_in_range() -> None:
    events = [event for request in drawn(3_000) for event in request.events]
    assert len({event.event_id for event in events}) == len(events)
    assert all(type(event.value) is int for event in events)
    assert all(1 <= event.value <= MAX_VALUE[event.event_type] for event in events)


def test_reports_carry_one_to_ten_events_and_the_body_says_the_same() -> None:
    reports = [request for request in drawn(3_000) if request.events]
    assert {len(report.events) for report in reports} == set(range(1, 11))
    for report in reports[:50]:
        assert report.body is not None
        sent = json.loads(report.body)["events"]
        assert [row["event_id"] for row in sent] == [event.event_id for event in report.events]
        assert set(sent[0]) == {"event_id", "event_type", "value", "timestamp", "properties"}


def test_events_say_what_happened_to_the_content() -> None:
    events = [event for request in drawn(10_000) for event in request.events]
    verified = [event for event in events if event.event_type == "verify_events"]
    found = sum(event.properties["outcome"] == "found" for event in verified)
    assert found / len(verified) == pytest.approx(0.999, abs=0.001)
    assert {event.properties["discovery"] for event in verified} == {"remote", "embedded"}
    assert all(0 <= event.properties["duration_ms"] <= MAX_DURATION_MS for event in events)
    assert all("discovery" not in event.properties for event in events if event.event_type == "rfc3161_timestamps")


def test_reads_ask_for_the_tenant_whose_key_they_carry() -> None:
    for request in drawn(500):
        if request.method == "GET":
            assert request.tenant is not None
            assert request.path.endswith(f"/{request.tenant.tenant_id}")


def test_sign_ups_carry_no_key_and_an_address_of_their_own() -> None:
    sign_ups = [request for request in drawn(3_000) if request.name == "POST /tenants"]
    bodies = [json.loads(request.body or b"") for request in sign_ups]
    assert all(request.tenant is None for request in sign_ups)
    assert len({body["email"] for body in bodies}) == len(bodies) > 0
    assert {body["plan"] for body in bodies} == {"starter", "pro", "enterprise"}


def test_a_seed_repeats_the_draws_and_only_the_run_id_differs() -> None:
    assert drawn(200) == drawn(200)
    assert drawn(200) != drawn(200, seed=2)
    first, second = drawn(200, run_id="a"), drawn(200, run_id="b")
    assert [request.name for request in first] == [request.name for request in second]
    assert not {e.event_id for r in first for e in r.events} & {e.event_id for r in second for e in r.events}


def test_timestamps_are_rfc3339_in_utc() -> None:
    assert rfc3339(0.5) == "1970-01-01T00:00:00.500Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rfc3339(NOW))
