"""The comparison as a page, and as one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isnan

from chaos.lab.comparison.bench import Period, Price
from chaos.lab.comparison.episodes import Cause, Moment
from chaos.lab.comparison.outcome import MOST_PERIOD_RATIO, MOST_TOTAL_RATIO, Outcome
from chaos.lab.comparison.shapes import shapes
from chaos.lab.comparison.store import Cost
from chaos.lab.comparison.traffic import MINUTES

_INTRODUCTION = """# Comparison with Sloth

Written by `make compare-sloth`; do not edit.

The same objectives (99.9 % over 30 days, the Workbook's four pairs) go to `slo generate` and to Sloth {sloth}, both as
they come. The same series, 33 days at one sample a minute, go into one Prometheus ({prometheus}), which evaluates the
rules of both at each minute. Beside both stands the truth: sums over the counts that the series were made of, without
PromQL. A minute is named by its distance from the end of the series.
"""
_MEANING = """
- **{recordings}**: windows above 1h sum recorded 5m rates here, where Sloth reads the raw series. A rate over 5m knows
  the last minutes only in part, so such a pair is up to 5 minutes late. That is what the cost below buys; `slo predict`
  and the promtool suites count the delay in. [Decision 0053](decisions/0053-long-windows-are-minutes-late.md) has the
  ways to be exact that were turned down.
- **{sloth}**: where it is not on time by the counts themselves, and we are nearer.
"""
_COUNTING = """
Where Sloth's error ratio of the period is wrong, its budget is: it averages the 5m ratios, so a quiet night weighs as
much as a busy day (`uneven`, `cold-start`); one stretch without a request makes it NaN for 30 days (`zero-traffic`);
and minutes without a series of errors are no minutes at all (`absent-errors`).
"""
_COST = """Samples that Prometheus reads, by its own statistics, and the fastest time of several evaluations, at one
sample a minute. All the rules of one objective, alerts included, and the rule that reads the period alone. `errors-100`
has one series on each side of its ratio; `fleet` has 48.
"""
_BOUNDS = """
Bounds: at most {period:g} of Sloth's for 30d, and at most {total:g} for all, in samples and in time. Our pages are
evaluated each 5s and our recordings each 30s, so that they come sooner: a minute holds more evaluations than one at
Prometheus' default interval.
"""


def page(outcome: Outcome) -> str:
    """The whole page."""
    return "\n".join(
        [
            _INTRODUCTION.format(sloth=outcome.sloth, prometheus=outcome.prometheus),
            *_alerts(outcome.moments),
            *_periods(outcome.periods),
            *_prices(outcome.prices),
            *_generation(outcome),
            "",
        ]
    )


def summary(outcome: Outcome) -> str:
    """The last line of the command."""
    return (
        f"alerts_compared={len(outcome.moments)} unexplained_differences={outcome.unexplained} "
        f"samples_ratio={outcome.samples_ratio:.2f} generate_ratio={outcome.generate_ratio:.2f}"
    )


def _alerts(moments: Sequence[Moment]) -> Iterator[str]:
    counts = Counter(moment.cause for moment in moments)
    yield "## Alerts\n"
    yield (
        f"{len(moments)} times an alert fired or resolved: "
        + ", ".join(f"{counts[cause]} {cause}" for cause in Cause if counts[cause])
        + "."
    )
    yield _MEANING.format(recordings=Cause.RECORDINGS, sloth=Cause.SLOTH)
    yield "| series | what happens |\n|---|---|"
    yield from (f"| {shape.name} | {shape.title} |" for shape in shapes())
    yield "\nEvery difference, in minutes before the end:\n"
    yield "| series | alert | change | truth | ours | Sloth | why |\n|---|---|---|---|---|---|---|"
    for one in moments:
        if one.cause is not Cause.NONE:
            times = " | ".join(_before_end(minute, one.truth) for minute in (one.truth, one.ours, one.sloth))
            yield f"| {one.traffic} | {one.severity} | {one.change} | {times} | {one.cause} |"


def _before_end(minute: int | None, truth: int | None) -> str:
    """Minutes before the end of the series, with the distance from the truth."""
    if minute is None:
        return "never"
    late = "" if truth is None or minute == truth else f" ({minute - truth:+d})"
    return f"{MINUTES - minute}{late}"


def _periods(periods: Sequence[Period]) -> Iterator[str]:
    yield "\n## The error ratio of 30 days\n"
    yield "At the end of each series.\n"
    yield "| series | truth | ours | Sloth |\n|---|---|---|---|"
    for one in periods:
        yield f"| {one.traffic.name} | {one.truth:.4%} | {_ratio(one.ours)} | {_ratio(one.sloth)} |"
    yield _COUNTING


def _ratio(value: float | None) -> str:
    return "no sample" if value is None else "NaN" if isnan(value) else f"{value:.4%}"


def _prices(prices: Sequence[Price]) -> Iterator[str]:
    yield "## What one evaluation costs\n"
    yield _COST
    yield "| series | rules | samples: ours | Sloth | ratio | time: ours | Sloth | ratio |"
    yield "|---|---|---|---|---|---|---|---|"
    for price in prices:
        yield _priced(price.traffic, "all", price.ours, price.sloth)
        yield _priced(price.traffic, "30d", price.ours_period, price.sloth_period)
    yield _BOUNDS.format(period=MOST_PERIOD_RATIO, total=MOST_TOTAL_RATIO)


def _priced(series: str, rules: str, ours: Cost, sloth: Cost) -> str:
    samples = f"{ours.samples:,} | {sloth.samples:,} | {ours.samples / sloth.samples:.2f}"
    times = f"{ours.seconds * 1000:.2f} ms | {sloth.seconds * 1000:.2f} ms | {ours.seconds / sloth.seconds:.2f}"
    return f"| {series} | {rules} | {samples} | {times} |"


def _generation(outcome: Outcome) -> Iterator[str]:
    yield "## Generating rules\n"
    yield (
        f"{outcome.generated:,} objectives, a file each; the fastest of {len(outcome.ours_seconds)} runs of each, "
        f"taken in turn: {min(outcome.ours_seconds):.2f} s ours, {min(outcome.sloth_seconds):.2f} s Sloth, "
        f"ratio {outcome.generate_ratio:.2f}."
    )
