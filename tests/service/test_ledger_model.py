"""The ledger against a model of it in plain Python: random usage, corrections, plans and time, compared to the unit."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from service.audit.witnesses import Witnesses
from service.domain.audit_entry import AuditEntry
from service.domain.catalog import load_catalog
from service.domain.correction import Correction
from service.domain.pricing import marginal
from service.domain.tenant import Plan
from service.domain.usage import EventType, UsageEvent
from service.errors import (
    CorrectionConflictError,
    CorrectionExceedsUsageError,
    DailyCostCapExceededError,
    TrialLimitExceededError,
)
from service.ledger import keys
from service.ledger.connection import connect
from service.ledger.corrections import Corrections
from service.ledger.ingest import UsageIntake
from service.ledger.tenants import TenantBook
from service.ledger.usage import Granularity, UsageReader
from tests.service.conftest import redis_config

START = datetime(2126, 10, 20, 10, 30, tzinfo=UTC)  # far ahead, so that no claim expires meanwhile
TRIAL_ENDS = datetime(2126, 10, 24, 11, tzinfo=UTC)
CATALOG = load_catalog()
CLOSING = timedelta(minutes=15)
ENTRY = AuditEntry("key:0", "usage.corrected", "0")
REFUSALS = {
    CorrectionConflictError: "conflict",
    CorrectionExceedsUsageError: "below_zero",
    TrialLimitExceededError: "TRIAL_LIMIT_EXCEEDED",
    DailyCostCapExceededError: "DAILY_COST_CAP_EXCEEDED",
}


class Model:
    """What the ledger promises, written down as naively as possible."""

    def __init__(self, plan):
        self.plan = plan
        self.events = {}
        self.corrections = {}
        self.used, self.billed, self.trial = Counter(), Counter(), Counter()
        self.spend, self.accrued = Counter(), Counter()

    def take(self, event, now):
        identity = event.event_id, event.timestamp.date()
        if identity in self.events:
            return "duplicate" if self.events[identity] == event else "conflict"
        outcome = self._book(event, now) or "accepted"
        if outcome == "accepted":
            self.events[identity] = event
        return outcome

    def correct(self, correction, now):
        known = self.corrections.get(correction.correction_id)
        if known is not None:
            return "duplicate" if known == correction else "conflict"
        if self.used[hour(correction.timestamp), correction.event_type] + correction.value < 0:
            return "below_zero"
        outcome = self._book(correction, now) or "booked"
        if outcome == "booked":
            self.corrections[correction.correction_id] = correction
        return outcome

    def _book(self, use, now):
        kind, in_trial = use.event_type, use.timestamp < TRIAL_ENDS
        closed = month(use.timestamp) < month(now - CLOSING)
        bill = f"{month(now)}-01T00" if closed else hour(use.timestamp)
        before = self.trial[kind] if in_trial else self.billed[bill[:7], kind]
        price = self._price(kind, before, use.value) if use.value > 0 else 0
        if in_trial and use.value > 0 and before + use.value > CATALOG.trial.caps.get(kind, before + use.value):
            return "TRIAL_LIMIT_EXCEEDED"
        if price and self.spend[day(now)] + price > CATALOG.plans[self.plan].daily_cost_cap_microcents:
            return "DAILY_COST_CAP_EXCEEDED"
        self.spend[day(now)] += price
        self.used[hour(use.timestamp), kind] += use.value
        if in_trial:
            self.trial[kind] += use.value
        else:
            self.billed[bill[:7], kind] += use.value
            self.billed[bill, kind] += use.value
            self.accrued.update({kind: price} if price else {})
        return None

    def _price(self, kind, before, units):
        start, end = max(before, 0), max(before + units, 0)
        return marginal(CATALOG.tiers(self.plan, kind), start, end - start)


def hour(instant):
    return f"{instant:%Y-%m-%dT%H}"


def day(instant):
    return f"{instant:%Y-%m-%d}"


def month(instant):
    return f"{instant:%Y-%m}"


class Story:
    """A random life of one tenant, told to the ledger and to the model."""

    def __init__(self, random, ledger, tenant_id):
        self.random = random
        self.tenant_id = tenant_id
        self.now = START
        self.seen = set()
        self.model = Model(Plan.STARTER)
        self.intake, self.corrections = UsageIntake(ledger, CATALOG), Corrections(ledger, CATALOG)
        self.book = TenantBook(ledger)

    async def live(self, steps):
        for _ in range(steps):
            self.now += timedelta(minutes=self.random.choice([1, 7, 60, 600, 1440, 2900]))
            act = self.random.choices([self.report, self.correct, self.change_plan], [8, 4, 1])[0]
            await act()

    async def report(self):
        events = [self._event() for _ in range(self.random.randint(0, 6))]
        intake = await self.intake.take(self.tenant_id, events, self.now)
        self.model.accrued.clear()
        expected = [self.model.take(event, self.now) for event in events]
        assert [taken.code or taken.outcome for taken in intake.outcomes] == expected
        self.seen.update(expected)
        assert intake.spend_microcents == self.model.spend[day(self.now)]
        assert (intake.plan, intake.accrued_microcents) == (self.model.plan, self.model.accrued)
        assert intake.trial_used == {kind: self.model.trial[kind] for kind in CATALOG.trial.caps}

    async def correct(self):
        correction = self._repeated(self.model.corrections) or self._correction()
        expected = self.model.correct(correction, self.now)
        try:
            booked = await self.corrections.book(self.tenant_id, correction, self.now, ENTRY)
            outcome = "duplicate" if booked.is_duplicate else "booked"
            assert booked.after - booked.before == correction.value
        except tuple(REFUSALS) as refusal:
            outcome = REFUSALS[type(refusal)]
        assert outcome == expected
        self.seen.add(outcome)

    async def change_plan(self):
        self.model.plan = self.random.choice(list(Plan))
        await self.book.change(self.tenant_id, {"plan": self.model.plan}, ENTRY)

    def _event(self):
        return self._repeated(self.model.events) or self._new_event()

    def _repeated(self, known):
        """Something that was told before, now and then."""
        return self.random.choice(list(known.values())) if known and self.random.random() < 0.2 else None

    def _correction(self):
        return Correction(f"c{self.random.randint(1, 30)}", *self._use(signed=True), "why")

    def _new_event(self):
        return UsageEvent(f"e{self.random.randint(1, 60)}", *self._use(signed=False), {})

    def _use(self, signed):
        """Ids, values and instants from few, so that repetitions, caps and closed months are common."""
        kind = self.random.choice(list(EventType))
        value = self.random.choice([1, 3, 40, 90, 900, 12_000] if kind is EventType.VERIFY_EVENTS else [1, 3, 40, 90])
        age = timedelta(hours=self.random.choice([0, 0, 1, 26, 300, 800]), minutes=self.random.choice([0, 0, 20]))
        sign = self.random.choice([1, -1]) if signed else 1
        return kind, sign * value, (self.now - age).replace(second=0)


@pytest.mark.parametrize("seed", range(8))
async def test_the_ledger_does_what_the_model_does(seed, ledger, enroll):
    tenant, _ = await enroll(ledger, trial_ends_at=int(TRIAL_ENDS.timestamp()))
    story = Story(Random(seed), ledger, tenant.tenant_id)
    await story.live(90)
    await compare(ledger, tenant.tenant_id, story)


async def compare(ledger, tenant_id, story):
    reader, model = UsageReader(ledger), story.model
    whole = START - timedelta(days=60), story.now + timedelta(days=1)
    found, cursor = {}, None
    while cursor is not None or not found:
        page = await reader.page(tenant_id, *whole, Granularity.HOUR, None, cursor, 40)
        found.update({(hour(bucket.start), bucket.event_type): bucket.value for bucket in page.buckets})
        cursor = page.next_cursor
    assert found == dict(+model.used)
    assert page.totals == {kind: total for kind in EventType if (total := sum_of(model.used, kind))}
    for each in {month(START), month(story.now), "2126-11", "2126-12"}:
        assert await reader.billed(tenant_id, each) == {kind: model.billed[each, kind] for kind in EventType}
        days = await reader.billed_days(tenant_id, each)
        for kind in EventType:
            assert sum(units.get(kind, 0) for units in days.values()) == model.billed[each, kind]
    for each, spend in model.spend.items():
        assert await reader.day_spend(tenant_id, each) == spend
    assert await reader.trial_used(tenant_id) == {kind: model.trial[kind] for kind in EventType}


def sum_of(counts, kind):
    return sum(value for (_, each), value in counts.items() if each == kind)


@pytest.mark.parametrize("seed", range(4))
async def test_an_audit_recomputes_every_counter_of_random_lives(seed, own_redis, open_ledger, enroll):
    ledger = open_ledger(own_redis.port)
    tenant, _ = await enroll(ledger, trial_ends_at=int(TRIAL_ENDS.timestamp()))
    story = Story(Random(seed), ledger, tenant.tenant_id)
    await story.live(200)
    assert {"accepted", "booked", "duplicate"} <= story.seen
    client = connect(redis_config(own_redis.port))
    witnesses = Witnesses(client, Path("no-archive"), lambda: None)
    books, mismatches = await witnesses.books(keys.shard_of(tenant.tenant_id), ())
    await client.aclose()
    assert mismatches == set()
    assert not any(figures.differences() for figures in books.figures.values())
    own = sum(figures.archive for place, figures in books.figures.items() if place[0] == tenant.tenant_id)
    assert own == sum(story.model.used.values())
