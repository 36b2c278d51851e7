"""The backtest of one policy over all SLOs."""

from dataclasses import dataclass

from slo.backtest import cost, firings, incidents
from slo.backtest.cost import Cost
from slo.backtest.firings import Firing, Notice
from slo.backtest.incidents import Incident, Score
from slo.backtest.ratios import Past, Ratios, Said
from slo.errors import SloError
from slo.guarded import Guarded
from slo.model import Severity


@dataclass(frozen=True)
class Outcome:
    """What one policy would have done; the scores are by severity, and empty where no incident is labelled."""

    policy: str
    firings: tuple[Firing, ...]
    notices: tuple[Notice, ...]
    scores: dict[str, Score]
    cost: Cost


def outcomes(candidates: list[list[Guarded]], read: Past, labelled: list[Incident] | None, said: Said) -> list[Outcome]:
    """One outcome for each candidate, a list of SLOs under one policy; what is read is read once for all."""
    windows = [pair.long for found in candidates for entry in found for pair in entry.policy.pairs]
    if not windows:
        raise SloError("no pair of windows to look for; expected a policy with alerts")
    longest = max(windows, key=lambda window: window.seconds)
    ratios = {entry.slo.name: Ratios(entry.slo, read, longest, said) for found in candidates for entry in found}
    return [_outcome(found, ratios, read, labelled, said) for found in candidates]


def _outcome(
    found: list[Guarded], ratios: dict[str, Ratios], read: Past, labelled: list[Incident] | None, said: Said
) -> Outcome:
    fired = [
        firing for entry in found for firing in firings.firings(entry.slo, entry.policy, ratios[entry.slo.name], read)
    ]
    noticed = firings.notices(sorted(fired, key=lambda one: one.start), read.span.step)
    policies = " + ".join(sorted({entry.policy.name for entry in found}))
    said(f"policy {policies}: cost of its rules")
    costs = [cost.cost(entry, read.prometheus, read.span.end, read.scale) for entry in found]
    return Outcome(
        policy=policies,
        firings=tuple(fired),
        notices=tuple(noticed),
        scores={} if labelled is None else _scores(noticed, [*_within(labelled, read)]),
        cost=_total(costs),
    )


def _scores(noticed: list[Notice], labelled: list[Incident]) -> dict[str, Score]:
    """Of the pages, of the tickets, and of both."""
    scores = {
        str(severity): incidents.score([n for n in noticed if n.severity == severity], labelled)
        for severity in Severity
    }
    return {**scores, "any": incidents.score(noticed, labelled)}


def _within(labelled: list[Incident], read: Past) -> list[Incident]:
    return [one for one in labelled if one.end >= read.span.start and one.start <= read.span.end]


def _total(costs: list[Cost]) -> Cost:
    return Cost(
        rules=sum(one.rules for one in costs),
        series=sum(one.series for one in costs),
        samples=sum(one.samples for one in costs),
        derived_samples=sum(one.derived_samples for one in costs),
        samples_a_second=round(sum(one.samples_a_second for one in costs), 3),
    )
