import subprocess
import sys
from pathlib import Path

import pytest

from chaos.__main__ import main


def gameday(monkeypatch: pytest.MonkeyPatch, cwd: Path, *arguments: str) -> int:
    """The command's exit code; it runs in `cwd`."""
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(sys, "argv", ["gameday", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


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
        (["falsify", "nothing"], "unknown experiment 'nothing'"),
        (["report", "no/such/run"], "no/such/run/report.md is not there"),
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    complaint: str,
) -> None:
    assert gameday(monkeypatch, tmp_path, *arguments) == 2
    printed = capsys.readouterr().err
    assert complaint in printed
    assert printed.startswith("gameday: ")
    assert printed.count("\n") == 1
    assert not list(tmp_path.iterdir()), "a mistake must leave nothing behind"


def test_list_names_the_experiments_with_their_titles(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert gameday(monkeypatch, tmp_path, "list") == 0
    assert "redis-hang         Redis stops answering" in capsys.readouterr().out


def test_down_without_a_lab_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert gameday(monkeypatch, tmp_path, "down") == 0
    assert capsys.readouterr().out == "no lab is running\n"


def test_the_installed_command_is_this_one(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("gameday")
    done = subprocess.run(
        [program, "run", "nothing"], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gameday: unknown experiment 'nothing'")
