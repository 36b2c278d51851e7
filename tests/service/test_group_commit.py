import asyncio
from contextlib import suppress
from contextvars import ContextVar

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from service.errors import LedgerUnavailableError
from service.ledger.group_commit import Bounds, GroupCommit
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import points_of

REQUEST = ContextVar("request", default="")


class Lanes:
    """What was committed, call by call; a call goes on when it is let go, and fails where it is told to."""

    def __init__(self, **bounds):
        self.metrics = InMemoryMetricReader()
        instruments = create_telemetry(create_resource("test", "test"), [self.metrics], []).instruments
        bounds = Bounds(**{"per_call": 10, "waiting": 40} | bounds)
        self.group = GroupCommit(self.commit, lambda work: work[1], instruments, bounds)
        self.calls, self.gates, self.under_way, self.requests = [], [], set(), []

    async def commit(self, lane, works):
        assert lane not in self.under_way
        self.under_way.add(lane)
        self.calls.append([name for name, _ in works])
        self.requests.append(REQUEST.get())
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        try:
            await gate
        finally:
            self.under_way.remove(lane)
        return [name.upper() for name, _ in works]

    def submit(self, name, size=1, lane=0):
        return asyncio.create_task(self.group.submit(lane, (name, size)))

    async def let_go(self, error=None):
        gate = self.gates.pop(0)
        gate.set_exception(error) if error else gate.set_result(None)
        await settle()

    def queued(self):
        (point,) = points_of(self.metrics, "billing.ledger.queue.requests").values()
        return point.value


async def settle():
    for _ in range(6):
        await asyncio.sleep(0)


async def test_what_comes_while_a_call_is_under_way_shares_the_next_one():
    lanes = Lanes()
    tasks = [lanes.submit("a")]
    await settle()
    tasks += [lanes.submit(name) for name in "bcd"]
    await settle()
    assert (lanes.calls, lanes.queued()) == ([["a"]], 3)
    await lanes.let_go()
    assert (lanes.calls, lanes.queued()) == ([["a"], ["b", "c", "d"]], 0)
    await lanes.let_go()
    assert await asyncio.gather(*tasks) == ["A", "B", "C", "D"]
    (sizes,) = points_of(lanes.metrics, "billing.ledger.commit.size").values()
    assert (sizes.count, sizes.sum) == (2, 4)


async def test_lanes_do_not_wait_for_each_other():
    lanes = Lanes()
    tasks = [lanes.submit("a", lane=1), lanes.submit("b", lane=2)]
    await settle()
    assert lanes.calls == [["a"], ["b"]]
    await lanes.let_go()
    await lanes.let_go()
    assert await asyncio.gather(*tasks) == ["A", "B"]


async def test_a_call_takes_in_order_what_fits_and_at_least_one():
    lanes = Lanes()
    tasks = [lanes.submit("a")]
    await settle()
    tasks += [lanes.submit(name, size) for name, size in (("b", 4), ("c", 6), ("d", 1), ("e", 12), ("f", 1))]
    for _ in range(5):
        await settle()
        await lanes.let_go()
    assert lanes.calls == [["a"], ["b", "c"], ["d"], ["e"], ["f"]]
    assert await asyncio.gather(*tasks) == ["A", "B", "C", "D", "E", "F"]


async def test_more_than_may_wait_is_refused_at_once_and_the_rest_is_done():
    lanes = Lanes(waiting=5)
    tasks = [lanes.submit("a", 3), lanes.submit("b", 2)]
    await settle()
    tasks.append(lanes.submit("c", 3))
    await settle()
    with pytest.raises(LedgerUnavailableError):
        await asyncio.wait_for(lanes.submit("d", 1), 0.1)
    await lanes.let_go()
    await lanes.let_go()
    assert await asyncio.gather(*tasks) == ["A", "B", "C"]
    again = lanes.submit("d", 5)
    await settle()
    await lanes.let_go()
    assert await again == "D"


async def test_a_failed_call_fails_exactly_what_was_in_it():
    lanes, error = Lanes(), LedgerUnavailableError()
    tasks = [lanes.submit("a")]
    await settle()
    tasks += [lanes.submit("b"), lanes.submit("c")]
    await settle()
    await lanes.let_go()
    late = lanes.submit("d")
    await settle()
    await lanes.let_go(error)
    await lanes.let_go()
    assert await asyncio.gather(*tasks, late, return_exceptions=True) == ["A", error, error, "D"]


async def test_work_whose_request_is_gone_is_not_sent_and_keeps_nobody_waiting():
    lanes = Lanes()
    first, gone, stays = lanes.submit("a"), None, None
    await settle()
    gone, stays = lanes.submit("gone", 9), lanes.submit("b", 9)
    await settle()
    gone.cancel()
    await settle()
    await lanes.let_go()
    assert lanes.calls == [["a"], ["b"]]
    await lanes.let_go()
    assert await asyncio.gather(first, stays) == ["A", "B"]
    assert lanes.queued() == 0


async def test_a_lane_of_which_everybody_went_away_works_again():
    lanes = Lanes()
    tasks = [lanes.submit("a")]
    await settle()
    tasks.append(lanes.submit("b"))
    await settle()
    for task in tasks:
        task.cancel()
    await settle()
    await lanes.let_go(LedgerUnavailableError())
    assert lanes.calls == [["a"]]
    later = lanes.submit("c")
    await settle()
    await lanes.let_go()
    assert await later == "C"


async def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("service.ledger.group_commit.REDIS_TIMEOUT_SECONDS", 0.02)
    lanes = Lanes()
    sent = lanes.submit("a")
    await settle()
    waiting = lanes.submit("b")
    answers = await asyncio.gather(sent, waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [LedgerUnavailableError] * 2
    await lanes.let_go()
    assert lanes.calls == [["a"]]


async def test_a_call_that_is_cancelled_leaves_nobody_waiting():
    lanes = Lanes()
    task = lanes.submit("a")
    await settle()
    lanes.gates.pop().cancel()
    await settle()
    assert task.cancelled()
    later = lanes.submit("b")
    await settle()
    await lanes.let_go()
    assert await later == "B"


async def test_a_call_is_part_of_the_first_of_its_requests():
    lanes = Lanes()

    async def ask(name):
        REQUEST.set(name)
        return await lanes.group.submit(0, (name, 1))

    tasks = []
    for names in ("a", "bc"):
        tasks += [asyncio.create_task(ask(name)) for name in names]
        await settle()
    await lanes.let_go()
    await lanes.let_go()
    await asyncio.gather(*tasks)
    assert lanes.requests == ["a", "b"]


async def test_under_random_cancellations_and_failures_everyone_gets_an_answer_of_its_own():
    lanes, done = Lanes(per_call=7, waiting=10_000), []

    async def ask(number):
        await asyncio.sleep(number % 13 / 10_000)
        with suppress(LedgerUnavailableError):
            done.append((number, await lanes.group.submit(number % 3, (f"n{number}", 1 + number % 4))))

    async def serve():
        for number in range(10_000):
            await asyncio.sleep(0)
            if lanes.gates:
                await lanes.let_go(LedgerUnavailableError() if number % 5 == 0 else None)

    tasks = [asyncio.create_task(ask(number)) for number in range(400)]
    serving = asyncio.create_task(serve())
    await asyncio.sleep(0.0005)
    for task in tasks[::7]:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    serving.cancel()
    assert all(answer == f"N{number}" for number, answer in done)
    sent = [name for call in lanes.calls for name in call]
    assert len(sent) == len(set(sent))
    assert {f"n{number}" for number, _ in done} <= set(sent)
    assert len(done) > 100
    assert lanes.queued() == 0
