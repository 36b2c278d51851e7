"""Commits the work of concurrent requests together: while one call is under way, what comes in waits for the next."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from service.config import REDIS_TIMEOUT_SECONDS
from service.errors import LedgerUnavailableError
from service.telemetry.instruments import Instruments

Work = TypeVar("Work")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much work one call takes, and how much may wait on a lane before more is refused; in units of its size."""

    per_call: int
    waiting: int


BOUNDS = Bounds(per_call=500, waiting=10_000)


@dataclass(frozen=True, slots=True)
class _Waiter(Generic[Work, Answer]):
    """A piece of work; its call is traced as part of the request that it is of."""

    work: Work
    size: int
    answer: "asyncio.Future[Answer]"
    context: Context


@dataclass(slots=True)
class _Lane(Generic[Work, Answer]):
    """What waits, and the one call that is under way."""

    waiters: deque[_Waiter[Work, Answer]] = field(default_factory=deque)
    size: int = 0
    call: "asyncio.Task[Sequence[Answer]] | None" = None


class GroupCommit(Generic[Work, Answer]):
    """One call at a time on each lane; `commit` does several pieces of work and has an answer for each, in order.

    A call that fails fails exactly the work that was in it. Work whose request is gone before it is sent is not sent.
    `instruments` is None where what is committed is no usage.
    """

    def __init__(
        self,
        commit: Callable[[int, Sequence[Work]], Coroutine[Any, Any, Sequence[Answer]]],
        size_of: Callable[[Work], int],
        instruments: Instruments | None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._commit = commit
        self._size_of = size_of
        self._instruments = instruments
        self._bounds = bounds
        self._lanes: defaultdict[int, _Lane[Work, Answer]] = defaultdict(_Lane)

    async def submit(self, lane_number: int, work: Work) -> Answer:
        """Do the work with what else there is; raises what `commit` raises.

        Raises LedgerUnavailableError where too much waits, and where there is no answer in time.
        """
        lane, size = self._lanes[lane_number], self._size_of(work)
        if lane.size + size > self._bounds.waiting:
            raise LedgerUnavailableError
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(work, size, answer, copy_context())
        lane.waiters.append(waiter)
        lane.size += size
        self._note_queue(1)
        if lane.call is None:
            self._call(lane_number, lane)
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                return await answer
        except TimeoutError as error:
            raise LedgerUnavailableError from error

    def _call(self, lane_number: int, lane: _Lane[Work, Answer]) -> None:
        """Begin the next call, if there is anything to do."""
        waiters = self._next(lane)
        if not waiters:
            lane.call = None
            return
        if self._instruments is not None:
            self._instruments.commit_size.record(len(waiters))
        work = [waiter.work for waiter in waiters]
        lane.call = asyncio.create_task(self._commit(lane_number, work), context=waiters[0].context)
        lane.call.add_done_callback(partial(self._answer, lane_number, lane, waiters))

    def _note_queue(self, change: int) -> None:
        if self._instruments is not None:
            self._instruments.commit_queue.add(change)

    def _next(self, lane: _Lane[Work, Answer]) -> list[_Waiter[Work, Answer]]:
        """Take from the queue what fits into one call, and drop what nobody waits for any more."""
        taken: list[_Waiter[Work, Answer]] = []
        size = 0
        while lane.waiters and (not taken or size + lane.waiters[0].size <= self._bounds.per_call):
            waiter = lane.waiters.popleft()
            lane.size -= waiter.size
            self._note_queue(-1)
            if not waiter.answer.done():
                taken.append(waiter)
                size += waiter.size
        return taken

    def _answer(
        self,
        lane_number: int,
        lane: _Lane[Work, Answer],
        waiters: Sequence[_Waiter[Work, Answer]],
        call: "asyncio.Task[Sequence[Answer]]",
    ) -> None:
        """Tell everyone who still waits what came of the call, and go on with the next one."""
        error = None if call.cancelled() else call.exception()
        for index, waiter in enumerate(waiters):
            if waiter.answer.done():
                continue
            if call.cancelled():
                waiter.answer.cancel()
            elif error is not None:
                waiter.answer.set_exception(error)
            else:
                waiter.answer.set_result(call.result()[index])
        self._call(lane_number, lane)
