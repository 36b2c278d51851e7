"""When the pairs of a policy would have fired, and what would have reached a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from slo.backtest.ratios import Held, Past, Ratios
from slo.model import Pair, Policy, Slo


@dataclass(frozen=True)
class Firing:
    """A run of firing evaluations of one pair: the first and the last, in unix seconds."""

    slo: str
    group: str
    severity: str
    pair: str
    start: float
    end: float


@dataclass(frozen=True)
class Notice:
    """What a person got: all that fired at once for one SLO at one severity."""

    slo: str
    severity: str
    pairs: tuple[str, ...]
    start: float
    end: float


def firings(slo: Slo, policy: Policy, ratios: Ratios, read: Past) -> list[Firing]:
    """Every run of every pair, oldest first."""
    found = [
        Firing(slo.name, group, str(pair.severity), pair.name, start, end)
        for pair in policy.pairs
        for group, burning in _burning(slo, pair, ratios).items()
        for start, end in _held_on(pair, _runs(burning, read.moments), read)
    ]
    return sorted(found, key=lambda one: (one.start, one.end))


def notices(found: list[Firing], step: float) -> list[Notice]:
    """Firings of one SLO and severity that touch, put together."""
    kept: list[Notice] = []
    for one in found:
        open_ = next(
            (n for n in kept if (n.slo, n.severity) == (one.slo, one.severity) and one.start <= n.end + step), None
        )
        if open_ is None:
            kept.append(Notice(one.slo, one.severity, (one.pair,), one.start, one.end))
            continue
        pairs = open_.pairs if one.pair in open_.pairs else (*open_.pairs, one.pair)
        joined = Notice(one.slo, one.severity, pairs, open_.start, max(open_.end, one.end))
        kept[kept.index(open_)] = joined
    return kept


def _burning(slo: Slo, pair: Pair, ratios: Ratios) -> dict[str, list[bool]]:
    limit = float(pair.threshold(slo.objective))
    long, short = ratios.of(pair.long), ratios.of(pair.short)
    return {
        group: [
            _above(wide, limit) and _above(brief, limit) and _enough(pair, wide)
            for wide, brief in zip(long[group], short[group], strict=True)
        ]
        for group in sorted(long.keys() & short.keys())
    }


def _above(held: Held, limit: float) -> bool:
    return held.ratio is not None and held.ratio > limit


def _enough(pair: Pair, held: Held) -> bool:
    """Whether the long window held what the pair's guard asks for."""
    return pair.guard is None or (held.events >= pair.guard.events and held.failures >= pair.guard.failures)


def _held_on(pair: Pair, runs: Iterable[tuple[float, float]], read: Past) -> Iterator[tuple[float, float]]:
    """The runs without their first part, in which the alert was pending."""
    pending = pair.hold.seconds / read.scale if pair.hold else 0.0
    for start, end in runs:
        fires = start + ceil(pending / read.span.step) * read.span.step
        if fires <= end:
            yield fires, end


def _runs(burning: list[bool], moments: list[float]) -> Iterator[tuple[float, float]]:
    start: float | None = None
    for index, fires in enumerate(burning):
        if fires and start is None:
            start = moments[index]
        if start is not None and (not fires or index == len(burning) - 1):
            yield start, moments[index] if fires else moments[index - 1]
            start = None
