"""Where an SLO stands now: SLI, error budget, burn rates, and when the budget will be gone."""

from dataclasses import dataclass

from slo import measured, promql
from slo.guarded import Guarded
from slo.measured import Moment, Source, Telemetry
from slo.model import Pair, Policy, Severity, Slo, Window


@dataclass(frozen=True)
class Burn:
    """A pair of windows at this moment; a burn rate is None where its window counted no request."""

    severity: str
    long: str
    short: str
    threshold: float
    long_burn_rate: float | None
    short_burn_rate: float | None
    # Whether the long window held as many events and failures as the pair's guard asks for.
    enough_events: bool

    @property
    def burning(self) -> bool:
        """Whether both windows are above the pair's burn rate, and enough happened to say so."""
        rates = (self.long_burn_rate, self.short_burn_rate)
        return self.enough_events and all(rate is not None and rate > self.threshold for rate in rates)


@dataclass(frozen=True)
class Standing:
    """One SLO, or one group of it, at one moment. What nobody measured is None."""

    slo: str
    service: str
    group: str
    objective: float
    period: str
    telemetry: Telemetry
    source: Source
    history_ratio: float
    sli_ratio: float | None
    budget_remaining_ratio: float | None
    budget_remaining_minutes: float | None
    burn_rates: dict[str, float | None]
    exhaustion_seconds: float | None
    exhaustion_window: str
    burns: tuple[Burn, ...]

    def burning(self, severity: Severity) -> tuple[Burn, ...]:
        """The pairs of this severity that burn too fast now."""
        return tuple(burn for burn in self.burns if burn.severity == severity and burn.burning)


def standings(guarded: list[Guarded], moment: Moment) -> list[Standing]:
    """One standing for each SLO and group."""
    return [standing for entry in guarded for standing in _of(entry, moment)]


@dataclass(frozen=True)
class _Facts:
    """What was asked about one SLO, before it is told apart by group."""

    source: Source
    telemetry: Telemetry
    history_ratio: float
    # By window and group; the whole period under its own name.
    ratios: dict[str, dict[str, float]]
    # By pair, the groups that had enough events for it.
    enough: dict[Pair, frozenset[str]]

    @property
    def groups(self) -> list[str]:
        return sorted({name for found in self.ratios.values() for name in found}) or [""]


def _of(entry: Guarded, moment: Moment) -> list[Standing]:
    facts = _facts(entry, moment)
    return [_standing(entry, moment, group, facts) for group in facts.groups]


def _facts(entry: Guarded, moment: Moment) -> _Facts:
    slo = entry.slo
    where = measured.source(slo, moment)
    ratios = {window.text: measured.error_ratios(slo, window, moment, where) for window in _windows(entry.policy)}
    ratios[promql.period_name(slo)] = measured.period_error_ratios(slo, moment, where)
    state = measured.telemetry(slo, moment, bool(ratios[promql.period_name(slo)]))
    enough = {pair: _enough(slo, pair, moment) for pair in entry.policy.pairs if pair.guard}
    return _Facts(where, state, measured.history_ratio(slo, moment), ratios, enough)


def _enough(slo: Slo, pair: Pair, moment: Moment) -> frozenset[str]:
    guard = pair.guard
    total, bad = measured.events(slo, pair.long, moment)
    if guard is None:
        return frozenset(total)
    return frozenset(
        group for group, count in total.items() if count >= guard.events and bad.get(group, 0) >= guard.failures
    )


def _windows(policy: Policy) -> list[Window]:
    """The windows of the policy, shortest first."""
    named = [window for pair in policy.pairs for window in (pair.short, pair.long)]
    return sorted(dict.fromkeys(named), key=lambda window: window.seconds)


def _standing(entry: Guarded, moment: Moment, group: str, facts: _Facts) -> Standing:
    slo, budget = entry.slo, float(entry.slo.objective.error_budget)
    period, calendar = promql.period_name(slo), slo.objective.calendar
    ratios = {text: found.get(group) for text, found in facts.ratios.items()}
    rates = {text: None if ratio is None else ratio / budget for text, ratio in ratios.items()}
    ratio, rate = ratios[period], rates[period]
    left = None if rate is None else 1 - rate
    period_seconds = slo.objective.period.seconds / moment.scale
    pace = min((pair.long for pair in entry.policy.pairs), key=lambda window: window.seconds, default=None)
    pace_name = period if pace is None else pace.text
    return Standing(
        slo=slo.name,
        service=slo.service,
        group=group,
        objective=float(slo.objective.target),
        period=calendar.text if calendar else period,
        telemetry=facts.telemetry,
        source=facts.source,
        history_ratio=facts.history_ratio,
        sli_ratio=None if ratio is None else 1 - ratio,
        budget_remaining_ratio=left,
        budget_remaining_minutes=None if left is None else left * budget * period_seconds / 60,
        burn_rates=rates,
        exhaustion_seconds=_exhaustion(left, rates[pace_name], period_seconds),
        exhaustion_window=pace_name,
        burns=tuple(_burn(pair, rates, group in facts.enough.get(pair, (group,))) for pair in entry.policy.pairs),
    )


def _burn(pair: Pair, rates: dict[str, float | None], enough: bool) -> Burn:
    return Burn(
        severity=str(pair.severity),
        long=pair.long.text,
        short=pair.short.text,
        threshold=float(pair.burn_rate),
        long_burn_rate=rates[pair.long.text],
        short_burn_rate=rates[pair.short.text],
        enough_events=enough,
    )


def _exhaustion(left: float | None, rate: float | None, period_seconds: float) -> float | None:
    """Seconds until the budget is gone at this burn rate; 0 once it is, None where nothing burns or is known."""
    if left is None:
        return None
    if left <= 0:
        return 0.0
    return left * period_seconds / rate if rate else None
