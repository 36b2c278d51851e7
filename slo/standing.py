"""Where an SLO stands now: SLI, error budget, burn rates, and when the budget will be gone."""

from dataclasses import dataclass

from slo import measured
from slo.guarded import Guarded
from slo.measured import Moment, Source, Telemetry
from slo.model import Severity, Window


@dataclass(frozen=True)
class Burn:
    """A pair of windows at this moment; a burn rate is None where its window counted no request."""

    severity: str
    long: str
    short: str
    threshold: float
    long_burn_rate: float | None
    short_burn_rate: float | None

    @property
    def burning(self) -> bool:
        """Whether both windows are above the pair's burn rate."""
        rates = (self.long_burn_rate, self.short_burn_rate)
        return all(rate is not None and rate > self.threshold for rate in rates)


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


def _of(entry: Guarded, moment: Moment) -> list[Standing]:
    slo = entry.slo
    where = measured.source(slo, moment)
    ratios = {window.text: measured.error_ratios(slo, window, moment, where) for window in _windows(entry)}
    groups = sorted({name for found in ratios.values() for name in found}) or [""]
    counted = bool(ratios[slo.objective.period.text])
    state = measured.telemetry(slo, moment, counted)
    history = measured.history_ratio(slo, moment)
    return [
        _standing(
            entry, moment, group, (where, state, history), {text: found.get(group) for text, found in ratios.items()}
        )
        for group in groups
    ]


def _windows(entry: Guarded) -> list[Window]:
    """The windows of the policy and the period, shortest first, each length once."""
    pairs = entry.policy.pairs
    named = [window for pair in pairs for window in (pair.short, pair.long)] + [entry.slo.objective.period]
    return sorted(dict.fromkeys(named), key=lambda window: window.seconds)


def _standing(
    entry: Guarded,
    moment: Moment,
    group: str,
    known: tuple[Source, Telemetry, float],
    ratios: dict[str, float | None],
) -> Standing:
    slo, (where, state, history) = entry.slo, known
    budget = float(slo.objective.error_budget)
    ratio = ratios[slo.objective.period.text]
    left = None if ratio is None else 1 - ratio / budget
    rates = {text: None if found is None else found / budget for text, found in ratios.items()}
    period_seconds = slo.objective.period.seconds / moment.scale
    pace = min((pair.long for pair in entry.policy.pairs), key=lambda window: window.seconds)
    return Standing(
        slo=slo.name,
        service=slo.service,
        group=group,
        objective=float(slo.objective.target),
        period=slo.objective.period.text,
        telemetry=state,
        source=where,
        history_ratio=history,
        sli_ratio=None if ratio is None else 1 - ratio,
        budget_remaining_ratio=left,
        budget_remaining_minutes=None if left is None else left * budget * period_seconds / 60,
        burn_rates=rates,
        exhaustion_seconds=_exhaustion(left, rates[pace.text], period_seconds),
        exhaustion_window=pace.text,
        burns=tuple(
            Burn(
                severity=str(pair.severity),
                long=pair.long.text,
                short=pair.short.text,
                threshold=float(pair.burn_rate),
                long_burn_rate=rates[pair.long.text],
                short_burn_rate=rates[pair.short.text],
            )
            for pair in entry.policy.pairs
        ),
    )


def _exhaustion(left: float | None, rate: float | None, period_seconds: float) -> float | None:
    """Seconds until the budget is gone at this burn rate; 0 once it is, None where nothing burns or is known."""
    if left is None:
        return None
    if left <= 0:
        return 0.0
    return left * period_seconds / rate if rate else None
