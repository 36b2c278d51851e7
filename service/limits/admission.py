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
LOWEST_LIMIT, FIRST_LIMIT, HIGHEST_LIMIT = 16, 256, 512
"""The lowest keeps one process busy: fewer requests at once would not be served any faster."""
STEEPEST_FALL, RISE = 0.5, 1.05
IN_USE = 0.5
"""The share of the limit that must have been at work at once for the limit to rise beyond the first."""
URGENT_RESERVE = 64
"""Webhooks and probes still get in where so many more than the limit are at work."""
MAX_READING = 256
"""Of each priority, requests whose body is still on its way; where one more comes, the one that reads longest ends."""


class Priority(StrEnum):
    """The registry lists the same."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


@dataclass(eq=False, slots=True)
class Ticket:
    """Leave to read and to work; given back when the request is answered. `arrived` is by the control's clock."""

    arrived: float
    priority: Priority
    is_working: bool = False
    end: Callable[[], None] | None = None
    """Ends a request whose body is still on its way."""


class AdmissionControl:
    """One a process. Nothing here waits, and to refuse costs next to nothing."""

    def __init__(self, instruments: Instruments, clock: Callable[[], float] = monotonic) -> None:
        self._instruments = instruments
        self._clock = clock
        self._limit = float(FIRST_LIMIT)
        self._active = self._most_active = 0
        self._reading: dict[Priority, dict[Ticket, None]] = {priority: {} for priority in Priority}
        self._least_delay: float | None = None
        self._shed: Counter[tuple[Priority, str]] = Counter()

    @property
    def limit(self) -> int:
        return int(self._limit)

    def has_room(self, priority: Priority) -> bool:
        """Whether a whole request would get a place now."""
        return self._active < self._limit + (URGENT_RESERVE if priority is Priority.URGENT else 0)

    def enter(self, priority: Priority) -> Ticket | None:
        """Take a place for a request that is whole, if there is one."""
        if not self.has_room(priority):
            return None
        ticket = Ticket(self._clock(), priority)
        self._work(ticket)
        return ticket

    def enter_reading(self, priority: Priority, end: Callable[[], None]) -> Ticket | None:
        """Let a request read its body, if it would have a place now; reading takes none. `end` ends it before."""
        if not self.has_room(priority):
            return None
        reading = self._reading[priority]
        if len(reading) >= MAX_READING:
            slowest = next(iter(reading))
            del reading[slowest]
            if slowest.end is not None:
                slowest.end()
        ticket = Ticket(self._clock(), priority, end=end)
        reading[ticket] = None
        return ticket

    def has_read(self, ticket: Ticket) -> None:
        """The body is there: from now on the request takes a place, even where there is none left."""
        if ticket in self._reading[ticket.priority]:
            del self._reading[ticket.priority][ticket]
            self._work(ticket)

    def begin(self, ticket: Ticket) -> None:
        """Note that work for the request begins now."""
        delay = self._clock() - ticket.arrived
        self._least_delay = delay if self._least_delay is None else min(delay, self._least_delay)

    def leave(self, ticket: Ticket) -> None:
        """Give the ticket back; once is enough."""
        self._reading[ticket.priority].pop(ticket, None)
        if ticket.is_working:
            ticket.is_working = False
            self._active -= 1

    def _work(self, ticket: Ticket) -> None:
        ticket.is_working = True
        self._active += 1
        self._most_active = max(self._active, self._most_active)

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
