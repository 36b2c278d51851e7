from datetime import UTC, datetime, timedelta

import pytest

from service.domain.audit_entry import AuditEntry
from service.domain.catalog import load_catalog
from service.domain.correction import Correction
from service.domain.usage import EventType, UsageEvent
from service.errors import CorrectionExceedsUsageError, DailyCostCapExceededError, TrialLimitExceededError
from service.ledger.corrections import Corrections
from service.ledger.ingest import UsageIntake
from service.ledger.usage import UsageReader

ENTRY = AuditEntry("key:1", "usage.corrected", "7")
NOVEMBER = datetime(2126, 11, 20, 10, 30, tzinfo=UTC)
SIGN, _, STAMP = EventType


class Corrected:
    """A tenant whose usage is reported and corrected at chosen times."""

    def __init__(self, ledger, tenant_id):
        self.tenant_id = tenant_id
        self.reader = UsageReader(ledger)
        self._intake, self._corrections = UsageIntake(ledger, load_catalog()), Corrections(ledger, load_catalog())

    async def use(self, value, when, now, kind=SIGN):
        return await self._intake.take(self.tenant_id, [UsageEvent("e", kind, value, when, {})], now)

    async def correct(self, correction_id, value, when, now, kind=SIGN):
        correction = Correction(correction_id, kind, value, when, "why")
        return await self._corrections.book(self.tenant_id, correction, now, ENTRY)

    async def billed(self, month):
        return (await self.reader.billed(self.tenant_id, month))[SIGN]


@pytest.fixture
def corrected(ledger, enroll):
    async def make(**changes):
        tenant, _ = await enroll(ledger, **changes)
        return Corrected(ledger, tenant.tenant_id)

    return make


async def test_a_correction_in_the_trial_changes_the_trial_and_no_bill(corrected):
    ends = NOVEMBER.replace(minute=0) + timedelta(hours=1)
    tenant = await corrected(trial_ends_at=int(ends.timestamp()))
    await tenant.use(200, NOVEMBER, NOVEMBER)
    await tenant.correct("a", -30, NOVEMBER, NOVEMBER)
    with pytest.raises(TrialLimitExceededError):
        await tenant.correct("b", 31, NOVEMBER, NOVEMBER)
    await tenant.correct("c", 30, NOVEMBER, ends + timedelta(days=30))
    assert (await tenant.reader.trial_used(tenant.tenant_id))[SIGN] == 200
    assert (await tenant.billed("2126-11"), await tenant.billed("2126-12")) == (0, 0)


async def test_a_correction_of_a_closed_month_is_billed_now_and_limited_by_its_own_hour(corrected):
    tenant, december = await corrected(), NOVEMBER + timedelta(days=20)
    await tenant.use(10, NOVEMBER, NOVEMBER)
    with pytest.raises(CorrectionExceedsUsageError):
        await tenant.correct("a", -11, NOVEMBER, december)
    booked = await tenant.correct("a", -10, NOVEMBER, december)
    assert (booked.hour, booked.before, booked.after) == ("2126-11-20T10", 10, 0)
    assert (await tenant.billed("2126-11"), await tenant.billed("2126-12")) == (10, -10)
    await tenant.correct("b", 4, NOVEMBER, december)
    assert await tenant.billed("2126-12") == -6
    assert await tenant.reader.billed_days(tenant.tenant_id, "2126-12") == {"2126-12-01": {SIGN: -6}}


async def test_what_a_correction_adds_is_capped_and_what_it_takes_away_frees_no_room(corrected):
    tenant, day = await corrected(), "2126-11-20"
    await tenant.use(90, NOVEMBER, NOVEMBER, STAMP)
    await tenant.correct("a", 10, NOVEMBER, NOVEMBER, STAMP)
    await tenant.correct("b", -100, NOVEMBER, NOVEMBER, STAMP)
    with pytest.raises(DailyCostCapExceededError):
        await tenant.correct("c", 1, NOVEMBER, NOVEMBER, STAMP)
    assert await tenant.reader.day_spend(tenant.tenant_id, day) == 5_000_000_000


async def test_what_makes_up_for_a_month_below_zero_costs_nothing(corrected):
    tenant, december = await corrected(), NOVEMBER + timedelta(days=20)
    await tenant.use(10, NOVEMBER, NOVEMBER, STAMP)
    await tenant.correct("a", -10, NOVEMBER, december, STAMP)
    intake = await tenant.use(15, december, december, STAMP)
    assert (intake.spend_microcents, intake.accrued_microcents) == (5 * 50_000_000, {STAMP: 5 * 50_000_000})


def correction(**changes):
    when = datetime.now(UTC).isoformat()
    common = {"correction_id": "c1", "event_type": "verify_events", "value": -2, "timestamp": when, "reason": "twice"}
    return common | changes


async def post(service, tenant_id, headers, body):
    async with service.http.post(f"/usage/{tenant_id}/corrections", json=body, headers=headers) as response:
        return response.status, await response.json()


async def test_a_correction_is_made_once_told_and_repeated_like_the_first_time(service, make_event):
    tenant_id, headers = await service.tenant()
    body = correction()
    await service.report(headers, make_event("v", event_type="verify_events", value=5, timestamp=body["timestamp"]))
    status, first = await post(service, tenant_id, headers, body)
    assert (status, first["used_before"], first["used_after"]) == (201, 5, 3)
    await post(service, tenant_id, headers, correction(correction_id="c2", value=1, timestamp=body["timestamp"]))
    assert await post(service, tenant_id, headers, body) == (200, first)
    status, problem = await post(service, tenant_id, headers, body | {"reason": "other"})
    assert (status, problem["code"]) == (409, "correction_conflict")
    _, usage = await service.get(f"/usage/{tenant_id}", headers)
    assert usage["totals"] == {"verify_events": 4}
    _, trail = await service.get(f"/tenants/{tenant_id}/audit", headers)
    told = [record for record in trail["data"] if record["action"] == "usage.corrected"]
    assert [record["details"]["correction_id"] for record in told] == ["c2", "c1"]
    assert told[1]["actor"].startswith("key:")
    assert (told[1]["details"]["usage.before"], told[1]["details"]["usage.after"]) == (5, 3)
    assert (told[1]["details"]["value"], told[1]["details"]["reason"]) == (-2, "twice")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 422, "correction_exceeds_usage"),
        ({"value": 0}, 422, "validation_failed"),
        ({"timestamp": "2020-01-01T00:00:00Z"}, 422, "validation_failed"),
        ({"event_type": "sign_events", "value": 201}, 429, "TRIAL_LIMIT_EXCEEDED"),
    ],
)
async def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(service, changes, status, code):
    tenant_id, headers = await service.tenant()
    answer, problem = await post(service, tenant_id, headers, correction(**changes))
    assert (answer, problem["code"]) == (status, code)
    assert (await service.get(f"/usage/{tenant_id}", headers))[1]["totals"] == {}
    _, trail = await service.get(f"/tenants/{tenant_id}/audit", headers)
    assert "usage.corrected" not in [record["action"] for record in trail["data"]]
