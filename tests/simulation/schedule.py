"""Schedules: what happens when, drawn from a seed; and the smallest part of one that still breaks something."""

from dataclasses import dataclass, replace
from random import Random

LENGTH_SECONDS = 25.0
WORKERS = ("a", "b")
TENANTS = ("00" + "a" * 30, "00" + "b" * 30, "01" + "c" * 30)
EVENT_TYPES = ("sign_events", "verify_events")
HOURS = ("2026-11-23T06", "2026-11-23T07", "2026-11-23T08", "2026-11-23T09")
STORMS = ("timeout", "lost", "ghost", "500", "429", "any")


@dataclass(frozen=True, order=True)
class Action:
    """`at` and `seconds` are in virtual seconds."""

    at: float
    kind: str
    who: str = ""
    what: str = ""
    hour: str = ""
    units: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """`seed` draws latencies and fates while the schedule runs."""

    seed: int
    actions: tuple[Action, ...]

    def __str__(self):
        lines = [f"    {action}" for action in self.actions]
        return "\n".join([f"Schedule with seed {self.seed}:", *lines])


def draw(seed):
    """The schedule of a seed; the same everywhere."""
    chance = Random(f"schedule {seed}")
    actions = [_ingest(chance) for _ in range(chance.randint(4, 14))]
    actions += [_trouble(chance) for _ in range(chance.randint(0, 6))]
    return Schedule(seed, tuple(sorted(actions)))


def _moment(chance):
    return round(chance.uniform(0, LENGTH_SECONDS), 3)


def _ingest(chance):
    """Few different values, so that sums of one hour are often alike."""
    tenant, event_type, hour = chance.choice(TENANTS), chance.choice(EVENT_TYPES), chance.choice(HOURS)
    return Action(_moment(chance), "ingest", tenant, event_type, hour, chance.choice((1, 1, 2, 5, -1)))


def _trouble(chance):
    kind = chance.choice(("stop", "stop", "kill", "kill", "storm", "storm", "pass", "skew", "refuse"))
    at = _moment(chance)
    match kind:
        case "stop":
            return Action(at, kind, chance.choice(WORKERS), seconds=round(chance.uniform(1, 20), 3))
        case "kill":
            return Action(at, kind, chance.choice(WORKERS), seconds=round(chance.uniform(0.1, 10), 3))
        case "storm":
            return Action(at, kind, what=chance.choice(STORMS), seconds=round(chance.uniform(1, 20), 3))
        case "pass":
            return Action(at, kind, seconds=3600.0 * chance.choice((1, 22, 24, 30)))
        case "skew":
            return Action(at, kind, chance.choice(WORKERS), seconds=float(chance.randint(-600, 600)))
        case _:
            return Action(at, kind, chance.choice(TENANTS))


def shrink(schedule, fails):
    """The schedule without whatever is not needed for `fails` to be true of it."""
    size = max(1, len(schedule.actions) // 2)
    while size:
        smaller = next((each for each in _without(schedule, size) if fails(each)), None)
        if smaller is not None:
            schedule = smaller
        else:
            size //= 2
    return schedule


def _without(schedule, size):
    for first in range(0, len(schedule.actions), size):
        left = schedule.actions[:first] + schedule.actions[first + size :]
        yield replace(schedule, actions=left)
