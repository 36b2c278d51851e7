"""Grafana's own model of a dashboard, as an oracle: it knows every field that we write, and reads the same from it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.models import dashboard

Document = dict[str, Any]

OF_THE_DATA_SOURCE = ("titleFormat", "textFormat")
"""Fields of an annotation that Prometheus's data source has beyond the model."""


@pytest.fixture(scope="module", autouse=True)
def _known_panels() -> None:
    plugins.register_default_plugins()


def unread(document: Document) -> list[str]:
    """Where a value of ours is missing, or another one, in what the model read."""
    ours = copy.deepcopy(document)
    for annotation in ours["annotations"]["list"]:
        for name in OF_THE_DATA_SOURCE:
            del annotation[name]
    return list(_differences(ours, dashboard.Dashboard.from_json(copy.deepcopy(ours)), "$"))


def _differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    theirs = theirs.to_json() if hasattr(theirs, "to_json") else theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs or value is None:
                yield from _differences(value, theirs.get(key), f"{path}.{key}")
            else:
                yield f"{path}.{key}: unknown"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (own, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(own, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} was read as {theirs!r}"


def test_the_model_knows_every_field_of_every_board(document: Document) -> None:
    assert unread(document) == []


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ((), "hideControls"),
        (("panels", 1), "span"),
        (("panels", 1, "gridPos"), "z"),
        (("panels", 1, "options"), "nonesuch"),
        (("panels", 1, "fieldConfig", "defaults"), "nonesuch"),
        (("panels", 1, "fieldConfig", "defaults", "custom"), "nonesuch"),
        (("panels", 1, "targets", 0), "intervalFactors"),
        (("templating", "list", 1), "nonesuch"),
        (("links", 0), "nonesuch"),
    ],
)
def test_the_model_would_tell_a_field_that_it_does_not_know(
    place: tuple[str | int, ...], field: str, latency: Document
) -> None:
    spoiled = copy.deepcopy(latency)
    part: Any = spoiled
    for step in place:
        part = part[step]
    part[field] = 1

    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    assert unread(spoiled) == [f"${path}.{field}: unknown"]
