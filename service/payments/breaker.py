"""A circuit breaker: after failures in a row it stops asking for a while, then asks once to see whether it helps.

A state machine without effects. Time comes from outside, and what a state change means to others is theirs to note.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Listener = Callable[["State", "State"], None]


class State(StrEnum):
    """Closed: calls pass. Open: none does. Half-open: one probe is under way, and decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; worthless once the state that gave it has ended."""

    epoch: int


class Breaker:
    """Every permit that `admit` gives must come back by exactly one of `succeeded`, `failed` and `abandoned`."""

    def __init__(
        self, threshold: int, open_seconds: float, clock: Callable[[], float], listener: Listener = lambda *_: None
    ) -> None:
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._clock = clock
        self._listener = listener
        self._state = State.CLOSED
        self._epoch = 0
        self._failures = 0
        self._opened_at = 0.0

    @property
    def state(self) -> State:
        return self._state

    @property
    def is_shut(self) -> bool:
        """Whether `admit` would give no leave now."""
        return self._state is not State.CLOSED and not self._probe_is_due()

    def admit(self) -> Permit | None:
        """Leave to make a call, or None: then nobody is to be asked."""
        if self._probe_is_due():
            self._enter(State.HALF_OPEN)
            return Permit(self._epoch)
        return Permit(self._epoch) if self._state is State.CLOSED else None

    def succeeded(self, permit: Permit) -> None:
        """The call was answered."""
        if permit.epoch != self._epoch:
            return
        self._failures = 0
        if self._state is State.HALF_OPEN:
            self._enter(State.CLOSED)

    def failed(self, permit: Permit) -> None:
        """The call was not answered, or answered with a failure of the other side."""
        if permit.epoch != self._epoch:
            return
        self._failures += 1
        if self._state is State.HALF_OPEN or self._failures >= self._threshold:
            self._open()

    def abandoned(self, permit: Permit) -> None:
        """The call ended without telling anything, because its caller went away; a probe is then due again at once."""
        if permit.epoch == self._epoch and self._state is State.HALF_OPEN:
            self._enter(State.OPEN)

    def _probe_is_due(self) -> bool:
        return self._state is State.OPEN and self._clock() >= self._opened_at + self._open_seconds

    def _open(self) -> None:
        self._opened_at = self._clock()
        self._failures = 0
        self._enter(State.OPEN)

    def _enter(self, state: State) -> None:
        before, self._state = self._state, state
        self._epoch += 1
        self._listener(before, state)
