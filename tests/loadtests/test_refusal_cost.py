"""The bench of a refusal's cost measures refusals, or says that it did not."""

import contextlib
from collections.abc import AsyncIterator

import psutil
import pytest

from bench import refusal
from bench.overload import SAYS_NOTHING, Tally


@pytest.mark.long
async def test_the_service_with_room_for_nobody_refuses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "SECONDS", 0.3)
    assert await refusal.cost("bench.refusal", 503) > 0


@pytest.mark.parametrize("answers", [{200: 9, 503: 1}, {503: 9}, {200: 9, 0: 1}])
def test_a_run_with_other_answers_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answers: dict[int, int]
) -> None:
    @contextlib.asynccontextmanager
    async def stack(_: str) -> AsyncIterator[tuple[int, list[str], psutil.Process, None]]:
        yield 0, ["key"], psutil.Process(), None

    async def closed_loop(*_: object) -> tuple[Tally, float]:
        tally = Tally()
        tally.statuses.update(answers)
        return tally, 0.0

    monkeypatch.setattr(refusal, "stack", stack)
    monkeypatch.setattr(refusal, "closed_loop", closed_loop)
    monkeypatch.setattr("sys.argv", ["refusal"])
    assert refusal.main() == SAYS_NOTHING
    printed = capsys.readouterr()
    assert "expected service to answer 200 alone" in printed.err
    assert printed.out == ""
