from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.timestamp import parse_rfc3339
from service.ledger import keys
from service.ledger.span import Span

tenant_ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@given(tenant_ids, instants)
def test_all_keys_of_a_tenant_share_one_tag(tenant_id, instant):
    month = keys.month_of(instant)
    shard = keys.shard_of(tenant_id)
    names = [
        keys.tenants(shard),
        keys.events(shard),
        keys.archive(shard),
        keys.shard_lease(shard),
        keys.shard_fence(shard),
        keys.unsealed(shard),
        keys.intents(shard),
        keys.outbox(shard),
        keys.unsent(shard),
        keys.dead(shard),
        keys.seqs(tenant_id, month),
        keys.sent(tenant_id, month),
        keys.dropped(tenant_id, month),
        keys.tenant(tenant_id),
        keys.trail(tenant_id),
        keys.keyring(tenant_id),
        keys.api_key(tenant_id),
        keys.corrections(tenant_id),
        keys.billed(tenant_id, month),
        keys.trial(tenant_id),
        keys.spend(tenant_id),
        keys.requests(tenant_id),
        keys.idempotency(tenant_id, "0" * 64),
        keys.claims(tenant_id, instant),
        keys.hours(tenant_id, month),
        keys.months(tenant_id),
    ]
    assert {name[: name.index("}") + 1] for name in names} == {f"{{s{shard:02d}}}"}
    assert len(set(names)) == len(names)
    assert 0 <= shard < keys.SHARDS


@pytest.mark.parametrize(
    ("start", "end", "months", "partial"),
    [
        ("2026-11-23T06:10:00Z", "2026-11-23T06:20:00Z", ["2026-11"], ["2026-11"]),
        ("2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z", ["2026-10"], ["2026-10"]),
        ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", ["2026-11"], []),
        ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00.000001Z", ["2026-11", "2026-12"], ["2026-12"]),
        (
            "2026-11-30T23:00:00Z",
            "2027-02-01T00:00:00Z",
            [
                "2026-11",
                "2026-12",
                "2027-01",
            ],
            ["2026-11"],
        ),
    ],
)
def test_a_span_knows_its_months_and_which_of_them_it_cuts(start, end, months, partial):
    span = Span.around(parse_rfc3339(start), parse_rfc3339(end))
    assert span.months() == months
    assert span.partial_months() == partial


def test_a_span_is_of_whole_hours():
    span = Span.around(parse_rfc3339("2026-11-23T06:59:59.9Z"), parse_rfc3339("2026-11-23T08:00:00.1+01:00"))
    assert (keys.hour_of(span.start), keys.hour_of(span.end)) == ("2026-11-23T06", "2026-11-23T08")
    assert [span.has(f"2026-11-23T0{hour}") for hour in range(5, 9)] == [False, True, True, False]


@given(instants, st.sampled_from(["sign_events", "rfc3161_timestamps"]))
def test_counter_fields_are_read_back(instant, event_type):
    for period in (keys.hour_of(instant), keys.month_of(instant)):
        assert keys.parse_counter_field(keys.counter_field(period, event_type)) == (period, event_type)
