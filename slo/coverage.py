"""What a policy does not see: error ratios that spend the whole budget before any pair fires.

A pair at burn rate f fires only above f times the error budget; a steady error ratio just above the budget itself
misses the objective within the period. Between the two somebody has to be told in time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from slo import predict
from slo.guarded import Guarded
from slo.model import Pair, Policy, Slo, plain
from slo.policy import lowest_objective


@dataclass(frozen=True)
class Gap:
    """Error ratios in (low, high] that miss the objective, and no pair fires while any budget is left."""

    slo: str
    low: Decimal
    high: Decimal


def lint(guarded: list[Guarded]) -> list[str]:
    """One line for each dead pair, each pair that fires too late by design, and each gap."""
    return [line for entry in guarded for line in _of(entry)]


def gap(slo: Slo, policy: Policy) -> Gap | None:
    """The gap below the most sensitive pair that fires while budget is left; None where it has no width."""
    early = [pair for pair in policy.pairs if pair.budget_share < 1 and not is_dead(slo, pair)]
    high = min((pair.threshold(slo.objective) for pair in early), default=Decimal(1))
    low = slo.objective.error_budget
    return Gap(slo.name, low, high) if high > low else None


def is_dead(slo: Slo, pair: Pair) -> bool:
    """Whether not even a full outage fires the pair."""
    return not predict.fires(slo.objective, pair, Decimal(1))


def _of(entry: Guarded) -> Iterator[str]:
    slo = entry.slo
    for pair in entry.policy.pairs:
        if is_dead(slo, pair):
            limit = plain(round(lowest_objective(pair), 6))
            yield f"{slo.name}: {pair.name} can never fire; expected an objective above {limit}"
        elif pair.budget_share >= 1:
            yield f"{slo.name}: {pair.name} fires once the whole budget is gone: it reports a missed objective"
    found = gap(slo, entry.policy)
    if found:
        low, high = (f"{plain(ratio * 100)} %" for ratio in (found.low, found.high))
        yield f"{slo.name}: error ratios above {low} and up to {high} spend the whole budget before any pair fires"
