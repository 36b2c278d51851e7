"""The simulation can fail: each fault that is put in is found, and shrunk to a schedule that a person can read."""

from contextlib import suppress

import pytest

from service.errors import PaymentsUnavailableError
from service.metering import delivery
from service.metering.delivery import Courier, Unsettled
from service.metering.sender import SendDuty
from service.metering.shares import Shares
from service.payments.objects import Delivery
from tests.simulation.bench import run
from tests.simulation.ledger_model import LedgerSeen
from tests.simulation.schedule import draw, shrink
from tests.simulation.stripe_model import GatewaySeen
from tests.simulation.violation import Violation

SEEDS = 400
PLAIN = 8


class TrustingGateway(GatewaySeen):
    """Takes a lost answer for a good one."""

    async def send_meter_event(self, *arguments):
        try:
            return await super().send_meter_event(*arguments)
        except PaymentsUnavailableError:
            return Delivery.DELIVERED


class NumberlessGateway(GatewaySeen):
    """Uses one identifier for all sums of an hour."""

    async def send_meter_event(self, event_name, customer_id, value, identifier, timestamp):
        return await super().send_meter_event(
            event_name, customer_id, value, identifier.rpartition(":")[0] + ":1", timestamp
        )


class FreshGateway(GatewaySeen):
    """Uses another identifier for each try."""

    async def send_meter_event(self, event_name, customer_id, value, identifier, timestamp):
        fresh = f"{identifier}.{self.stripe.posts}"
        return await super().send_meter_event(event_name, customer_id, value, fresh, timestamp)


class HastyLedger(LedgerSeen):
    """Seals the usage of an hour again under the number that it had, as a sealer that forgets what it sealed."""

    async def seal(self, lease, until_hour, limit):
        self.model.shards[lease.shard].seqs.clear()
        return await super().seal(lease, until_hour, limit)


class EagerLedger(LedgerSeen):
    """Forgets the journal as soon as it was read."""

    async def take(self, *arguments):
        entries = await super().take(*arguments)
        if arguments:
            journal = self.model.shards[arguments[0]].journal
            del journal[: len(entries)]
        return entries


class ForgetfulCourier(Courier):
    """Ends a sum before it is sent."""

    async def _post(self, shard, pending, afresh):
        await self._outbox.delivered(self._lease(shard), pending.intent.intent_id, 0, "sent")
        await super()._post(shard, pending, afresh)


def unfence(bench):
    bench.world.ledger.is_fenced = False


def find(parts=None, prepare=None, first_seed=0):
    """The first violation that the fault leads to, and the smallest schedule that has one.

    `first_seed` saves the time of looking at schedules that cannot show a rare fault.
    """

    def broken(schedule):
        try:
            run(schedule, parts, prepare)
        except Violation as violation:
            return violation
        return None

    for seed in range(first_seed, first_seed + SEEDS):
        violation = broken(draw(seed))
        if violation is not None:
            return violation, shrink(draw(seed), broken)
    return None, None


FAULTS = {
    "a timeout is taken for delivered": ({"gateway": TrustingGateway}, "billed and found differ"),
    "one identifier for two sums": ({"gateway": NumberlessGateway}, "after|differ"),
    "another identifier for each try": ({"gateway": FreshGateway}, "counted twice|differ"),
    "sealed twice under one id": ({"ledger": HastyLedger}, "after|differ|twice"),
    "the journal is forgotten before it is archived": ({"ledger": EagerLedger}, "archive"),
    "ended before it is sent": ({"courier": ForgetfulCourier}, "differ"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_shrunk(name):
    parts, message = FAULTS[name]
    violation, schedule = find(parts)
    assert violation is not None
    with pytest.raises(Violation, match=message):
        raise violation
    assert len(schedule.actions) <= PLAIN, schedule


def test_changes_without_a_fence_are_found():
    violation, schedule = find(prepare=unfence)
    assert "changed under fence" in str(violation)
    assert len(schedule.actions) <= PLAIN


def test_a_sender_that_does_not_look_at_its_lease_is_found(monkeypatch):
    monkeypatch.setattr(Shares, "lease", lambda self, shard, _seconds=0.0: self._held.get(shard))
    violation, schedule = find(first_seed=510)
    assert "whose lease is over" in str(violation)
    assert len(schedule.actions) <= PLAIN


def test_trying_again_after_stripe_has_forgotten_is_found(monkeypatch):
    monkeypatch.setattr(delivery, "is_tried_out", lambda *_: False)
    violation, schedule = find(first_seed=35)
    assert "counted twice" in str(violation)
    assert len(schedule.actions) <= PLAIN


def test_two_sums_in_doubt_of_one_meter_are_found(monkeypatch):
    async def send_all(self, shard, _lane, queue, _until):
        for pending in queue:
            with suppress(Unsettled):
                await self._courier.settle(shard, pending)
        return len(queue)

    monkeypatch.setattr(SendDuty, "_send", send_all)
    violation, schedule = find(first_seed=55)
    assert violation is not None
    assert len(schedule.actions) <= PLAIN
