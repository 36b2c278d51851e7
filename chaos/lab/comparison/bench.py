"""Both generators' rules over one history: what they record, when they alert, what they cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

from chaos.errors import LabError
from chaos.lab.comparison import sides
from chaos.lab.comparison.episodes import Episode, Moment, episodes, moments, true_episodes
from chaos.lab.comparison.expansion import expanded, is_summed
from chaos.lab.comparison.shapes import fleet
from chaos.lab.comparison.sides import Rule
from chaos.lab.comparison.store import STEP_SECONDS, Cost, Prometheus, Samples, Series, Store
from chaos.lab.comparison.traffic import DAY, MINUTES, Traffic, counter
from slo import names
from slo.model import Objective, Severity, Window
from slo.policy import load_policy

COMPARED = range(MINUTES - 8 * DAY, MINUTES)
"""The minutes whose evaluations are compared."""
PERIOD = Window("30d")
TURNS = 12
"""How often the costs of the period's two rules are measured, in turn, so that both meet the same machine."""
_FLEET_DAYS = 5
_LONGEST_FINE_SECONDS = 3 * 86_400
_SLOTH_RATIO, _SLOTH_PERIOD = "slo:sli_error:ratio_rate5m", "slo:sli_error:ratio_rate30d"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Period:
    """The error ratio of the whole period at the end of a history."""

    traffic: Traffic
    truth: float
    ours: float | None
    sloth: float | None


@dataclass(frozen=True)
class Price:
    """Costs of one evaluation of all the rules of one SLO, and of the rule that reads the period alone."""

    traffic: str
    ours: Cost
    sloth: Cost
    ours_period: Cost
    sloth_period: Cost


@dataclass(frozen=True)
class Clock:
    """Minutes of a history that ends at `end`, in unix seconds."""

    end: int

    def at(self, minute: int) -> int:
        """When a minute is over."""
        return self.end - (MINUTES - 1 - minute) * 60

    def minute(self, at: int) -> int:
        return MINUTES - 1 - (self.end - at) // 60


class Bench:
    """One history under both rule sets, in a folder of its own."""

    def __init__(self, folder: Path, slo: Path, sloth: Path, shapes: Sequence[Traffic], say: Say) -> None:
        self._folder = folder
        self._shapes = shapes
        self._say = say
        self._clock = Clock(int(time.time()) // STEP_SECONDS * STEP_SECONDS)
        self._store = Store(folder / "prometheus")
        every = [shape.name for shape in (*shapes, fleet())]
        self._ours, self._our_files = sides.ours(every, folder, slo)
        self._sloth, self._sloth_file = sides.sloth(every, folder, sloth)

    def run(self) -> tuple[list[Moment], list[Period], list[Price]]:
        """Generate, seed, record, alert, measure."""
        for side in (self._ours, self._sloth):
            side.generate()
        our_files = sorted(self._our_files.glob("*.rules.yaml"))
        ours, sloth = self._ours.rules(our_files), self._sloth.rules([self._sloth_file])
        self._store.add(self._raw())
        self._say(f"history: {len(self._shapes)} of {MINUTES // DAY} days seeded")
        with self._store.prometheus() as prometheus:
            summed = [rule for rule in expanded(ours) if is_summed(rule, ours)]
            recorded = list(self._record(prometheus, [*summed, *filter(_is_raw, sloth)]))
        self._store.add(recorded)
        self._say(f"recorded: {len(recorded)} series")
        with self._store.prometheus([*our_files, self._sloth_file]) as prometheus:
            found = self._moments(prometheus, expanded(ours), sloth)
            self._say(f"alerts: {len(found)} moments compared")
            periods = [self._period(prometheus, shape, expanded(ours), sloth) for shape in self._shapes]
            prices = [self._price(prometheus, name, ours, sloth) for name in (self._shapes[0].name, fleet().name)]
            unhealthy = prometheus.unhealthy_rules()
        if unhealthy:
            raise LabError(f"Prometheus cannot evaluate {unhealthy[0]}")
        return found, periods, prices

    def _raw(self) -> Iterator[Series]:
        for shape in self._shapes:
            yield from self._counters(shape, shape.begins, shape.errors_begin)
        many = fleet()
        begins = MINUTES - _FLEET_DAYS * DAY
        yield from self._counters(many, begins, begins)

    def _counters(self, shape: Traffic, begins: int, errors_begin: int) -> Iterator[Series]:
        for name, increases, first in (
            (sides.TOTAL, shape.requests, begins),
            (sides.ERRORS, shape.errors, errors_begin),
        ):
            values = counter(increases, shape.resets)
            for number in range(shape.series):
                labels = {"job": shape.name, "instance": f"shop-{number}"}
                samples = [(self._clock.at(m), values[m] / shape.series) for m in range(first, MINUTES)]
                yield Series(name, labels, samples)

    def _record(self, prometheus: Prometheus, rules: Iterable[Rule]) -> Iterator[Series]:
        """What these rules write, from when on somebody reads it."""
        for rule in rules:
            start = self._recorded_from(rule)
            samples = prometheus.range(rule.expression, start, self._clock.end, rule.interval_seconds)
            if rule.slo == fleet().name:
                samples = [*_padding(samples[0], start, rule.interval_seconds), *samples]
            if samples:
                yield Series(str(rule.record), rule.labels, samples)

    def _recorded_from(self, rule: Rule) -> int:
        if rule.record == _SLOTH_RATIO or rule.interval_seconds > STEP_SECONDS:
            return self._clock.end - PERIOD.seconds
        return self._clock.at(COMPARED.start) - _LONGEST_FINE_SECONDS

    def _moments(self, prometheus: Prometheus, ours: Sequence[Rule], sloth: Sequence[Rule]) -> list[Moment]:
        policy, objective = load_policy(sides.POLICY), Objective(Decimal(sides.OBJECTIVE), PERIOD)
        found = []
        for shape in self._shapes:
            for severity in Severity:
                truth = true_episodes(shape, objective, policy.pairs, severity, COMPARED)
                seen = [self._firing(prometheus, rules, shape.name, severity) for rules in (ours, sloth)]
                found += moments(shape.name, str(severity), seen[0], seen[1], truth)
        return found

    def _firing(self, prometheus: Prometheus, rules: Iterable[Rule], slo: str, severity: Severity) -> list[Episode]:
        """When any alert of that severity fires."""
        minutes: set[int] = set()
        for rule in rules:
            if rule.slo == slo and rule.record is None and rule.labels.get("severity") == severity:
                if rule.labels.get(names.LONG_WINDOW) is None and "sloth_severity" not in rule.labels:
                    continue
                samples: Samples = prometheus.range(
                    rule.expression, self._clock.at(COMPARED.start), self._clock.at(COMPARED.stop - 1)
                )
                minutes.update(self._clock.minute(at) for at, _ in samples)
        return episodes(minutes)

    def _period(self, prometheus: Prometheus, shape: Traffic, ours: Sequence[Rule], sloth: Sequence[Rule]) -> Period:
        truth = shape.error_ratio(MINUTES - 1, PERIOD.seconds // 60)
        return Period(
            shape,
            truth or 0.0,
            prometheus.value(_of_period(ours, shape.name).expression, self._clock.end),
            prometheus.value(_of_period(sloth, shape.name).expression, self._clock.end),
        )

    def _price(self, prometheus: Prometheus, slo: str, ours: Sequence[Rule], sloth: Sequence[Rule]) -> Price:
        def total(rules: Sequence[Rule]) -> Cost:
            found = [prometheus.cost(rule.expression, self._clock.end) for rule in rules if rule.slo == slo]
            return Cost(sum(one.samples for one in found), sum(one.seconds for one in found))

        def period(rules: Sequence[Rule]) -> Cost:
            return prometheus.cost(_of_period(rules, slo).expression, self._clock.end)

        turns = [(period(ours), period(sloth)) for _ in range(TURNS)]
        ours_period, sloth_period = (min(costs, key=attrgetter("seconds")) for costs in zip(*turns, strict=True))
        return Price(slo, total(ours), total(sloth), ours_period, sloth_period)


def _padding(first: tuple[int, float], start: int, step: int) -> Samples:
    """The same value before, so that a period of many series is full without that many samples of them."""
    return [(at, first[1]) for at in range(start, first[0], step)]


def _is_raw(rule: Rule) -> bool:
    """Whether a rule of Sloth's records an error ratio from the raw series."""
    return (rule.record or "").startswith("slo:sli_error:") and "slo:" not in rule.expression


def _of_period(rules: Iterable[Rule], slo: str) -> Rule:
    """The rule that records the error ratio of the whole period."""
    for rule in rules:
        is_ours = rule.record == names.ERROR_RATIO and rule.labels.get(names.WINDOW) == PERIOD.text
        if rule.slo == slo and (is_ours or rule.record == _SLOTH_PERIOD):
            return rule
    raise LabError(f"no rule of {slo} records the error ratio of {PERIOD}")
