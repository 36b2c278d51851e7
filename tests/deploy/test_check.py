"""`python -m tests.deploy.check`: it fails where one program refuses, and judges with the others whatever happens."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.errors import GameDayError
from chaos.lab.programs import PROJECT
from tests.deploy.check import Refused, main


def test_alertmanager_and_redis_accept_their_files() -> None:
    argv = [sys.executable, "-m", "tests.deploy.check", "alertmanager", "redis"]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "accepted=2 refused=0 unchecked=0")


@pytest.mark.parametrize("error", [Refused("line 3 is wrong"), GameDayError("line 3 is wrong")], ids=repr)
def test_a_checker_that_refuses_makes_the_check_fail(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bad"], {"bad": _raising(error), "good": _accepting}) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == ["accepted=0 refused=1 unchecked=0"]
    assert told.err.splitlines() == ["bad: line 3 is wrong"]


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("no answer"),
        subprocess.TimeoutExpired(["otelcol"], 300),
        subprocess.CalledProcessError(1, ["go"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_check_that_breaks_fails_and_the_others_are_judged(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], {"broken": _raising(error), "good": _accepting}) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "good: accepted"
    assert told.out.splitlines()[-1] == "accepted=1 refused=1 unchecked=3"
    assert told.err.startswith("broken: could not be judged: ")
    assert str(error) in told.err


def _raising(error: Exception) -> Callable[[Path], None]:
    def check(_: Path) -> None:
        raise error

    return check


def _accepting(folder: Path) -> None:
    assert folder.is_dir()
