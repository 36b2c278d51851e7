"""Time that can be moved: what becomes due on the way is done in order, each thing at its own moment."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from chaos.lab.stripe_sandbox.errors import invalid_parameter
from chaos.lab.stripe_sandbox.objects import Clock, Object

Act = Callable[[], None]


class Timeline:
    """A clock (unix seconds) that runs ahead of another one, with the acts that it has to do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_seconds = 0.0
        self._held_at: float | None = None
        self._due: list[tuple[int, int, Act]] = []
        self._numbers = count()

    def __call__(self) -> float:
        return self._clock() + self._ahead_seconds if self._held_at is None else self._held_at

    def at(self, moment: int, act: Act) -> None:
        """Do `act` when time reaches `moment`; acts of the same moment keep their order."""
        heappush(self._due, (moment, next(self._numbers), act))

    def move_to(self, moment: float, param: str = "now") -> None:
        """Bring time to `moment`, which must not lie in the past."""
        if moment < int(self()):
            raise invalid_parameter(param, f"Invalid timestamp: {int(moment)}; must not be before {int(self())}.")
        self._ahead_seconds = moment - self._clock()
        self.catch_up()

    def catch_up(self) -> None:
        """Do what is due by now; time stands still at each act's moment."""
        now = self()
        while self._held_at is None and self._due and self._due[0][0] <= now:
            moment, _, act = heappop(self._due)
            self._held_at = float(moment)
            try:
                act()
            finally:
                self._held_at = None


class Times:
    """The sandbox's own time, and that of each test clock."""

    def __init__(self, clock: Clock) -> None:
        self.main = Timeline(clock)
        self.test_clocks: dict[str, Timeline] = {}

    def of(self, thing: Object) -> Timeline:
        """The time by which an object lives: its test clock's, or the sandbox's."""
        return self.test_clocks.get(thing.get("test_clock") or "", self.main)

    def now_of(self, thing: Object) -> int:
        """That time in whole unix seconds."""
        return int(self.of(thing)())
