"""Panels drawn from recorded answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.drawing import Drawing, drawn
from tests.dashboards_as_code.preview.recorded import SPAN, panel, serving


@pytest.fixture(scope="session")
def recorded() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def answers(recorded: str) -> Answers:
    return Answers(recorded, SPAN)


Draw = Callable[..., Drawing]


@pytest.fixture
def draw(answers: Answers) -> Draw:
    def drawing(kind: str, expr: str, *args: Any, **parts: Any) -> Drawing:
        return drawn(panel(kind, expr, *args, **parts), answers, ())

    return drawing
