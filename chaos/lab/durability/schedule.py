"""Which faults strike when: drawn from a seed, so that a run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chaos.lab.stripe_sandbox.dice import Dice

LEASE_SECONDS = 15.0
"""How long a worker owns a shard without renewing; a hang outlasts it."""
MOST_CLOCK_STEP_SECONDS = 120.0
"""Below the five minutes that clocks may differ before events are refused as lying in the future."""


class Kind(StrEnum):
    """What is done to whom."""

    KILL_API = "kill api"
    KILL_WORKER = "kill worker"
    KILL_REDIS = "kill redis"
    POWER_LOSS = "power loss"
    HANG_WORKER = "hang worker"
    STRIPE_SLOW = "stripe slow"
    STRIPE_500 = "stripe 500"
    STRIPE_429 = "stripe 429"
    STRIPE_LOST = "stripe answers lost"
    CLOCK_STEP = "clock step"


KILLS = (Kind.KILL_API, Kind.KILL_WORKER, Kind.KILL_REDIS)
STRIPE = (Kind.STRIPE_SLOW, Kind.STRIPE_500, Kind.STRIPE_429, Kind.STRIPE_LOST)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, `pause_seconds` after the one before was dealt with.

    It lasts `seconds`, if it lasts; `size` from 0 to below 1 says how hard it hits, `pick` which of several programs.
    """

    kind: Kind
    pause_seconds: float
    seconds: float
    size: float
    pick: float


def draw(seed: int, kills: int, power_losses: int, pause_seconds: float = 1.0) -> list[Fault]:
    """Exactly so many kills and power losses, with hangs, faults of Stripe and clock steps among them, in random order.

    The pauses are spread evenly from 0 to twice `pause_seconds`.
    """
    dice = Dice(seed)
    kinds = [KILLS[number % len(KILLS)] for number in range(kills)]
    kinds += [Kind.POWER_LOSS] * power_losses
    kinds += [Kind.HANG_WORKER] * -(-kills // 20)
    kinds += [STRIPE[number % len(STRIPE)] for number in range(-(-kills // 5))]
    kinds += [Kind.CLOCK_STEP] * -(-kills // 5)
    return [_fault(kind, dice, pause_seconds) for kind in dice.shuffled(kinds)]


def _fault(kind: Kind, dice: Dice, pause_seconds: float) -> Fault:
    seconds = LEASE_SECONDS + 1 + 4 * dice.draw() if kind is Kind.HANG_WORKER else 1 + 4 * dice.draw()
    return Fault(kind, 2 * pause_seconds * dice.draw(), seconds, dice.draw(), dice.draw())
