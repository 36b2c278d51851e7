import subprocess
import sys
from pathlib import Path

import pytest

GAMEDAY = str(Path(sys.executable).with_name("gameday"))


def gameday(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([GAMEDAY, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "nothing"], "unknown experiment 'nothing'"),
        (["run", "no/such.yaml"], "unknown experiment 'no/such.yaml'"),
        (["run", "redis-hang", "--scale", "0"], "scale 0: expected a whole number from 1 to 30"),
        (["run", "redis-hang", "--scale", "7"], "scale 7:"),
        (["run", "redis-hang", "--scale", "fast"], "argument --scale: invalid int value: 'fast'"),
        (["run", "redis-hang", "--port", "nobody=1"], "unknown name 'nobody'"),
        (["run", "redis-hang", "--port", "service=0"], "expected service=PORT with a port from 1 to 65535"),
        (["run", "redis-hang", "--rules", "no.yaml"], "rules file no.yaml is not there"),
        (["run", "redis-hang", "--fast"], "unrecognized arguments: --fast"),
        (["up", "--load", "-1"], "--load -1: expected arrivals/s, 0 or more"),
        (["up", "--hours", "nan"], "--hours nan: expected a number above 0"),
        (["report", "no/such/run"], "no/such/run/report.md is not there"),
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    done = gameday(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.startswith("gameday: ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir()), "a mistake must leave nothing behind"


def test_list_names_the_experiments_with_their_titles() -> None:
    done = gameday("list")
    assert done.returncode == 0
    assert "redis-hang" in done.stdout


def test_down_without_a_lab_says_so(tmp_path: Path) -> None:
    done = gameday("down", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no lab is running\n")
