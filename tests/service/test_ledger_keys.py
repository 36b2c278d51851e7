from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger import keys
from service.ledger.usage import open_months

tenant_ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@given(tenant_ids, instants)
def test_all_keys_of_a_tenant_share_one_tag(tenant_id, instant):
    month = keys.month_of(instant)
    shard = keys.shard_of(tenant_id)
    names = [
        keys.tenants(shard),
        keys.events(shard),
        keys.tenant(tenant_id),
        keys.api_key(tenant_id),
        keys.claims(tenant_id, instant),
        keys.hours(tenant_id, month),
        keys.months(tenant_id),
    ]
    assert {name[: name.index("}") + 1] for name in names} == {f"{{s{shard:02d}}}"}
    assert len(set(names)) == len(names)
    assert 0 <= shard < keys.SHARDS


@pytest.mark.parametrize(
    ("now", "months"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), ["2026-10", "2026-11"]),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), ["2026-01", "2026-02", "2026-03"]),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), ["2026-11", "2026-12", "2027-01"]),
        (datetime(2026, 12, 31, 23, 56, tzinfo=UTC), ["2026-11", "2026-12", "2027-01"]),
    ],
)
def test_the_open_months_are_those_an_event_may_fall_into(now, months):
    assert open_months(now) == months


@given(instants, st.sampled_from(["sign_events", "rfc3161_timestamps"]))
def test_counter_fields_are_read_back(instant, event_type):
    for period in (keys.hour_of(instant), keys.month_of(instant)):
        assert keys.parse_counter_field(keys.counter_field(period, event_type)) == (period, event_type)
