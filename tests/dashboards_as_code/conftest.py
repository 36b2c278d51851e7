"""What the tests of the dashboards share: the project's own sources, boards and documents."""

from typing import Any

import pytest

from dashboards_as_code import boards, output, sources
from dashboards_as_code.model import Board, Panel


@pytest.fixture(scope="session")
def known() -> sources.Sources:
    return sources.load()


@pytest.fixture(scope="session")
def built(known: sources.Sources) -> tuple[Board, ...]:
    return boards.build(known)


@pytest.fixture(scope="session")
def all_panels(built: tuple[Board, ...]) -> list[Panel]:
    return [panel for board in built for panel in board.panels()]


@pytest.fixture(scope="session")
def documents(built: tuple[Board, ...]) -> output.Documents:
    return output.documents(built)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `document` looks at every board that is generated."""
    if "document" in metafunc.fixturenames:
        names = sorted(path.name for path in output.GENERATED.glob("*.json"))
        metafunc.parametrize("document", names, indirect=True)


@pytest.fixture
def document(request: pytest.FixtureRequest, documents: output.Documents) -> dict[str, Any]:
    return documents[request.param]


@pytest.fixture
def gameday(documents: output.Documents) -> dict[str, Any]:
    return documents["gameday.json"]


@pytest.fixture
def latency(documents: output.Documents) -> dict[str, Any]:
    return documents["latency.json"]
