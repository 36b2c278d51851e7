"""What the rules of a policy cost a Prometheus: samples that each evaluation reads, series that they write."""

import re
from dataclasses import dataclass
from typing import Any

import promql_parser

from slo.guarded import Guarded
from slo.prometheus import Prometheus
from slo.rules import rule_file

_RECORDED = re.compile(r"(slo:\w+:\w+)\{[^}]*\}(?:\[([^\]]+)\])?")


@dataclass(frozen=True)
class Cost:
    """Of all rules of one SLO. `derived_samples` are those of `samples` that read recordings not yet there."""

    rules: int
    series: int
    samples: int
    derived_samples: int
    samples_a_second: float


def cost(entry: Guarded, prometheus: Prometheus, at: float, scale: int) -> Cost:
    """Measured by the query statistics; derived where a rule reads recordings that nobody has written yet."""
    groups = rule_file(entry.slo, entry.policy, scale)["groups"]
    every = {
        rule["record"]: _seconds(group["interval"]) for group in groups for rule in group["rules"] if "record" in rule
    }
    read = [
        (_seconds(group["interval"]), *_samples(rule["expr"], prometheus, at, every))
        for group in groups
        for rule in group["rules"]
    ]
    return Cost(
        rules=len(read),
        series=sum("record" in rule for group in groups for rule in group["rules"]),
        samples=sum(samples for _, samples, _ in read),
        derived_samples=sum(samples for _, samples, derived in read if derived),
        samples_a_second=round(sum(samples / interval for interval, samples, _ in read), 3),
    )


def _samples(expression: str, prometheus: Prometheus, at: float, every: dict[str, float]) -> tuple[int, bool]:
    """How many samples an evaluation reads, and whether that is derived."""
    measured = prometheus.samples_read(expression, at)
    if measured or not _RECORDED.search(expression):
        return measured, False
    return sum(_derived(name, window, every) for name, window in _RECORDED.findall(expression)), True


def _derived(name: str, window: str, every: dict[str, float]) -> int:
    return round(_seconds(window) / every[name]) if window and name in every else 1


def _seconds(text: str) -> float:
    duration: Any = promql_parser.parse_duration(text)
    return float(duration.total_seconds())
