"""Decides how many requests the process works on at once, so that those it takes are answered in time.

The sign of too much work is the time that a new request waits before anything is done for it. As CoDel does with
packets, the shortest wait of a window is judged: one slow moment is no queue, but where even the luckiest request
waited there is one. The limit then falls by as much as the wait is too long, and rises by steps while nobody waits: to
where it began by itself, and beyond that only while it is in use, as a quiet night says nothing of how much work the
process can do at once.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from service.telemetry.instruments import Instruments

WINDOW_SECONDS = 0.1
TARGET_DELAY_SECONDS = 0.001
LOWEST_LIMIT, FIRST_LIMIT, HIGHEST_LIMIT = 24, 256, 512
"""The lowest keeps one process busy: fewer requests at once would not be served any faster."""
STEEPEST_FALL, RISE = 0.5, 1.05
IN_USE = 0.5
"""The share of the limit that must have been at work at once for the limit to rise beyond the first."""
URGENT_RESERVE = 64
"""Webhooks and probes still get in where so many more than the limit are at work."""
MAX_READING = 256
"""Requests whose body is still on its way; they do no work and take nobody's place."""


class Priority(StrEnum):
    """The registry lists the same."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to work; given back when the request is answered. `arrived` is by the control's clock."""

    arrived: float
    is_reading: bool


class AdmissionControl:
    """One a process. Nothing here waits, and to refuse costs next to nothing."""

    def __init__(self, instruments: Instruments, clock: Callable[[], float] = monotonic) -> None:
        self._instruments = instruments
        self._clock = clock
        self._limit = float(FIRST_LIMIT)
        self._active = self._most_active = self._reading = 0
        self._least_delay: float | None = None
        self._shed: Counter[tuple[Priority, str]] = Counter()

    @property
    def limit(self) -> int:
        return int(self._limit)

    @property
    def is_full(self) -> bool:
        """Whether ordinary requests are refused now."""
        return self._active >= self._limit

    def has_room(self, priority: Priority) -> bool:
        """Whether a whole request would get a place now."""
        return self._active < self._limit + (URGENT_RESERVE if priority is Priority.URGENT else 0)

    def enter(self, priority: Priority, *, is_reading: bool) -> Ticket | None:
        """Take a place, if there is one."""
        if is_reading:
            if self._reading >= MAX_READING:
                return None
            self._reading += 1
            return Ticket(self._clock(), is_reading=True)
        if not self.has_room(priority):
            return None
        self._active += 1
        self._most_active = max(self._active, self._most_active)
        return Ticket(self._clock(), is_reading=False)

    def begin(self, ticket: Ticket) -> None:
        """Note that work for the request begins now."""
        delay = self._clock() - ticket.arrived
        self._least_delay = delay if self._least_delay is None else min(delay, self._least_delay)

    def leave(self, ticket: Ticket) -> None:
        if ticket.is_reading:
            self._reading -= 1
        else:
            self._active -= 1

    def shed(self, priority: Priority, route: str) -> None:
        """Note a refusal; it is told to the telemetry with the window's end."""
        self._shed[priority, route] += 1

    def adjust(self) -> None:
        """End a window: move the limit, and tell the telemetry."""
        delay = self._least_delay or 0.0
        if delay > TARGET_DELAY_SECONDS:
            fall = max(STEEPEST_FALL, TARGET_DELAY_SECONDS / delay)
            self._limit = max(float(LOWEST_LIMIT), self._limit * fall)
        elif self._limit < FIRST_LIMIT or self._most_active >= IN_USE * self._limit:
            self._limit = min(float(HIGHEST_LIMIT), self._limit * RISE)
        self._tell(delay)
        self._least_delay, self._most_active = None, self._active
        self._shed.clear()

    def _tell(self, delay: float) -> None:
        self._instruments.overload_limit.set(self.limit)
        self._instruments.overload_delay.set(delay)
        for (priority, route), count in self._shed.items():
            self._instruments.overload_shed.add(count, {"billing.overload.priority": priority})
            self._instruments.requests.add(count, {"http.route": route, "billing.request.outcome": "bad"})
