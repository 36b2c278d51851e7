"""Production configuration files, made k times faster.

The lab starts the same Prometheus and Alertmanager files as production; only their intervals are divided by the
scale k and their addresses replaced. Timeouts of the service and its clients are not intervals and stay; a scrape's
timeout may not exceed its interval, so it is divided with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import LabError

_UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400)}
PROMETHEUS_INTERVALS = frozenset({"scrape_interval", "scrape_timeout", "evaluation_interval"})
ALERTMANAGER_INTERVALS = frozenset({"group_wait", "group_interval", "repeat_interval"})


@dataclass(frozen=True)
class Intervals:
    """The pace of detection and notification in the lab, in seconds."""

    export_seconds: float
    scrape_seconds: float
    evaluation_seconds: float
    group_wait_seconds: float
    group_interval_seconds: float


def seconds(text: str) -> Fraction:
    """`5s`, `30m`, `1h30m` in seconds; LabError on anything else."""
    total, number = Fraction(0), ""
    rest = text
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        number, rest = rest[:digits], rest[digits:]
        unit = next((u for u in ("ms", "s", "m", "h", "d") if rest.startswith(u)), "")
        if not number or not unit:
            raise LabError(f"{text!r} is no duration; expected for example 5s, 30m or 1h30m")
        total += int(number) * _UNITS[unit]
        rest = rest[len(unit) :]
    return total


def divided(text: str, scale: int) -> str:
    """A duration divided by the scale, as Prometheus writes it: whole milliseconds, at least one."""
    milliseconds = max(1, round(seconds(text) * 1000 / scale))
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


def load_scaled(path: Path, keys: frozenset[str], scale: int) -> dict[str, Any]:
    """A YAML document with every duration under one of `keys` divided by the scale."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    scaled: dict[str, Any] = _mapped(document, keys, lambda text: divided(text, scale))
    return scaled


def _mapped(node: Any, keys: frozenset[str], change: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {k: change(v) if k in keys else _mapped(v, keys, change) for k, v in node.items()}
    if isinstance(node, list):
        return [_mapped(item, keys, change) for item in node]
    return node
