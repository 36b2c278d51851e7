import asyncio

import pytest

from service.errors import LedgerUnavailableError
from service.worker import duty
from service.worker.duty import fulfil


class Counting:
    """A duty that does what it is given, round by round, and then nothing more."""

    name = "counting"
    pause_seconds = 0.01

    def __init__(self, *rounds):
        self.rounds = 0
        self._given = list(rounds)

    async def once(self):
        self.rounds += 1
        result = self._given.pop(0) if self._given else False
        if isinstance(result, Exception):
            raise result
        if isinstance(result, float):
            await asyncio.sleep(result)
        return result is True


async def test_duties_go_on_side_by_side_until_told_to_stop():
    stopping, first, second = asyncio.Event(), Counting(), Counting()
    asyncio.get_running_loop().call_later(0.1, stopping.set)
    async with asyncio.timeout(1):
        await fulfil([first, second], stopping)
    assert 3 < first.rounds < 12
    assert 3 < second.rounds < 12


async def test_a_duty_that_has_more_to_do_does_not_pause():
    stopping, busy = asyncio.Event(), Counting(*[True] * 50)
    busy.pause_seconds = 10.0
    asyncio.get_running_loop().call_later(0.1, stopping.set)
    await fulfil([busy], stopping)
    assert busy.rounds == 51


async def test_a_duty_goes_on_after_a_failure_that_is_worth_another_try(monkeypatch):
    monkeypatch.setattr(duty, "_FAILURE_PAUSE_SECONDS", 0.02)
    stopping, failing = asyncio.Event(), Counting(LedgerUnavailableError(), LedgerUnavailableError())
    asyncio.get_running_loop().call_later(0.2, stopping.set)
    await fulfil([failing], stopping)
    assert failing.rounds > 3


async def test_an_unforeseen_error_ends_all_and_is_told():
    with pytest.raises(ZeroDivisionError):
        await fulfil([Counting(), Counting(ZeroDivisionError())], asyncio.Event())


async def test_what_is_under_way_may_finish_but_not_hang(monkeypatch):
    monkeypatch.setattr(duty, "STOP_SECONDS", 0.2)
    stopping, quick, hanging = asyncio.Event(), Counting(0.1, True), Counting(60.0)
    asyncio.get_running_loop().call_later(0.01, stopping.set)
    async with asyncio.timeout(1):
        await fulfil([quick, hanging], stopping)
    assert quick.rounds == 1
