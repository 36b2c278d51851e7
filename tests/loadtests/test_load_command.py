"""`python -m loadtests`: bounded, ended by a signal, and honest about what came of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests import __main__ as command
from tests.loadtests.test_load_run import ROOT, Billing, billing, wait_for

__all__ = ["billing"]

SOUND = {
    "arrivals": 100,
    "acknowledged_events": 300,
    "failed": 0,
    "dropped": 0,
    "unresolved_events": 0,
    "late_p99_seconds": 0.01,
    "refused_events": {},
}


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_and_says_what_came_of_it(
    billing: tuple[Billing, str], tmp_path: Path, told_by: signal.Signals
) -> None:
    state, url = billing
    argv = [sys.executable, "-m", "loadtests", url, "--seconds", "60"]
    env = {**os.environ, "LOAD_OUT": str(tmp_path), "LOAD_RATE": "200", "LOAD_TENANTS": "2"}
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        wait_for(tmp_path / "ready")
        while not state.ledger:
            assert process.poll() is None
        process.send_signal(told_by)
        told, _ = process.communicate(timeout=15)
    figures = dict(each.split("=") for each in told.splitlines()[-1].split())
    assert (process.returncode, figures["failed"], figures["unresolved_events"]) == (0, "0", "0"), told
    assert int(figures["acknowledged_events"]) == len(state.ledger)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({}, 0),
        ({"failed": 1}, 1),
        ({"dropped": 1}, 1),
        ({"unresolved_events": 1}, 1),
        ({"acknowledged_events": 0}, 1),
    ],
)
def test_it_fails_where_something_was_lost_or_nothing_was_taken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: dict[str, int],
    status: int,
) -> None:
    monkeypatch.setenv("LOAD_OUT", str(tmp_path))
    monkeypatch.setattr(command, "_locust", lambda *_: 0)
    (tmp_path / "load.json").write_text(json.dumps(SOUND | found))
    assert command.main(["http://127.0.0.1:3002"]) == status
    name, value = next(iter(found.items()), ("arrivals", 100))
    assert f"{name}={value}" in capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("refused", "status"),
    [({"cost_cap_exceeded": 3}, 0), ({"429 rate_limited": 3}, 1), ({"401 unauthorized": 2, "cost_cap_exceeded": 1}, 1)],
)
def test_what_was_refused_is_told_and_fails_where_whole_requests_were(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: dict[str, int],
    status: int,
) -> None:
    monkeypatch.setenv("LOAD_OUT", str(tmp_path))
    monkeypatch.setattr(command, "_locust", lambda *_: 0)
    (tmp_path / "load.json").write_text(json.dumps(SOUND | {"refused_events": refused}))
    assert command.main(["http://127.0.0.1:3002"]) == status
    told = capsys.readouterr()
    assert "refused_events=3" in told.out.split()
    assert all(code in told.err for code in refused)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["localhost"], "loadtests: URL: 'localhost'; expected the service's base URL"),
        ([], "URL"),
        *(
            (["http://127.0.0.1", "--seconds", seconds], "expected whole seconds from 1 to 3600")
            for seconds in ("0", "3601", "-1", "x", "1e3", "9" * 30, "0000036000")
        ),
    ],
)
def test_bad_arguments_are_told_in_words(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = command.main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == command.BAD_SETTINGS
    assert told in capsys.readouterr().err
