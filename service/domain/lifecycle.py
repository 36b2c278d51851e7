"""A tenant's life: its standing as a pure function of the facts at Stripe and the time. Times are unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from service.domain import lifecycle_document
from service.domain.lifecycle_terms import Permission, Position, Rule, SubscriptionStatus, Transition
from service.domain.strict_document import read_document
from service.domain.tenant import Dunning, TenantStatus

FILE = "lifecycle.yaml"
DAY_SECONDS = 24 * 3600


class LifecycleError(ValueError):
    """The lifecycle is malformed; `problems` are all of them, each with its path and what was expected."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{FILE}: {problem}" for problem in problems))
        self.problems = problems


class TransitionRefused(ValueError):
    """A change of standing that the lifecycle does not list."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What Stripe says now. `overdue_since` is when the oldest uncollected invoice became due, or will become so."""

    subscription: SubscriptionStatus
    overdue_since: int | None = None
    cancel_at: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a tenant stands; `next_review_at` is the next moment at which time alone changes that, if any."""

    status: TenantStatus
    dunning: Dunning
    cancel_at: int | None
    next_review_at: int | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The table of standings, the rules in order, and the transitions."""

    positions: Mapping[str, Position]
    rules: tuple[Rule, ...]
    transitions: tuple[Transition, ...]

    def derive(self, facts: Facts, now: int) -> Standing:
        """Total: the file is refused unless its rules decide every case."""
        position = self.positions[self._decided(facts, now)]
        cancel_at = None if self._is_final(position) else facts.cancel_at
        return Standing(position.status, position.dunning, cancel_at, self._next_review(facts, now))

    def permits(self, status: TenantStatus, dunning: Dunning, permission: Permission) -> bool:
        position = self._position(status, dunning)
        return position is not None and permission in position.permits

    def reason(self, before: tuple[TenantStatus, Dunning], after: tuple[TenantStatus, Dunning]) -> str:
        """Why the change happens; raises TransitionRefused if it may not.

        A pair that is no standing, because somebody has set the status alone, counts as the standing of its status.
        """
        source, target = self._position(*before) or self._of_status(before[0]), self._position(*after)
        if source is target:
            return "the dunning level follows the status"
        for step in self.transitions:
            if target and (step.before, step.after) == (source.name, target.name):
                return step.because
        raise TransitionRefused(f"{'/'.join(before)} to {'/'.join(after)} is no transition of {FILE}")

    def is_final(self, status: TenantStatus, dunning: Dunning) -> bool:
        """True if no transition leads out."""
        position = self._position(status, dunning)
        return position is not None and self._is_final(position)

    def _is_final(self, position: Position) -> bool:
        return position.name not in {step.before for step in self.transitions}

    def _decided(self, facts: Facts, now: int) -> str:
        return next(rule.position for rule in self.rules if _holds(rule, facts, now))

    def _next_review(self, facts: Facts, now: int) -> int | None:
        if facts.overdue_since is None:
            return None
        today = self._decided(facts, now)
        waits = (rule.overdue_days for rule in self.rules if rule.overdue_days is not None)
        moments = sorted(facts.overdue_since + days * DAY_SECONDS for days in waits)
        return next((each for each in moments if each > now and self._decided(facts, each) != today), None)

    def _position(self, status: TenantStatus, dunning: Dunning) -> Position | None:
        pair = (status, dunning)
        return next((each for each in self.positions.values() if (each.status, each.dunning) == pair), None)

    def _of_status(self, status: TenantStatus) -> Position:
        return next(each for each in self.positions.values() if each.status is status)


def load_lifecycle() -> Lifecycle:
    """Read the lifecycle that ships with the package; raises LifecycleError."""
    return parse_lifecycle(files("service.domain").joinpath(FILE).read_text("utf-8"))


def parse_lifecycle(text: str) -> Lifecycle:
    """Read a lifecycle from YAML; raises LifecycleError with every problem."""
    parts, problems = read_document(text, lifecycle_document.parts)
    if problems or parts is None:
        raise LifecycleError(problems)
    return Lifecycle(*parts)


def _holds(rule: Rule, facts: Facts, now: int) -> bool:
    if facts.subscription not in rule.subscription:
        return False
    if rule.overdue_days is None:
        return True
    return facts.overdue_since is not None and now >= facts.overdue_since + rule.overdue_days * DAY_SECONDS
