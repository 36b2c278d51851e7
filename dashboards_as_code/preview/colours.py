"""Grafana's colours on a dark ground, and which one a value or a series takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NAMED = {
    "green": "#73bf69",
    "yellow": "#fade2a",
    "orange": "#ff9830",
    "red": "#f2495c",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "text": "#ccccdc",
    "transparent": "#181b1f",
}
CLASSIC = (
    *("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#4f9de0", "#ba43a9", "#9f86d0"),
    *("#b7dbab", "#f4d598", "#70dbed", "#f9ba8f", "#f29191", "#82b5d8", "#e5a8e2", "#aea2e0"),
)
_HEAT = ((24, 27, 60), (76, 29, 110), (160, 44, 96), (226, 86, 64), (251, 180, 80), (252, 253, 191))


def colour(name: str) -> str:
    """A colour by Grafana's name; shades such as `dark-red` count as their colour."""
    return NAMED.get(name) or NAMED.get(name.rpartition("-")[2], name)


def of_series(names: Sequence[str], overrides: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The colour of each series: fixed where the panel says so, else by its place."""
    fixed = {override["matcher"]["options"]: _fixed(override) for override in overrides}
    return {name: fixed.get(name) or CLASSIC[place % len(CLASSIC)] for place, name in enumerate(dict.fromkeys(names))}


def of_value(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """The colour that the thresholds give a value."""
    reached = [step for step in steps if step["value"] is None or value >= step["value"]]
    return colour(reached[-1]["color"]) if reached else NAMED["green"]


def heat(share: float) -> str:
    """A colour for a share of the largest value, from dark to bright."""
    place = min(max(share, 0.0), 1.0) * (len(_HEAT) - 1)
    index = min(int(place), len(_HEAT) - 2)
    parts = zip(_HEAT[index], _HEAT[index + 1], strict=True)
    mixed = (round(low + (high - low) * (place - index)) for low, high in parts)
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _fixed(override: Mapping[str, Any]) -> str | None:
    for part in override["properties"]:
        if part["id"] == "color" and part["value"].get("mode") == "fixed":
            return colour(part["value"]["fixedColor"])
    return None
