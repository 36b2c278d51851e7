"""Whole GameDays on real parts, ten times faster than production: the loop closes, and it can say no."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

import slo.rules
from chaos import clients
from chaos.falsification import broken_rules, without_effect
from chaos.lab.mutation.episode import CALM_SECONDS, Episode
from chaos.lab.mutation.fault import load_faults
from chaos.lab.mutation.judgement import judge
from chaos.lab.mutation.readings import read
from chaos.lab.mutation.run import LAG_SECONDS
from chaos.lab.mutation.shift import THRESHOLD
from chaos.lab.parts import PORT_NAMES
from chaos.lab.processes import marked_processes
from chaos.lab.state import LabState, read_state
from chaos.lab.under_load import RATE_INTERVAL
from chaos.order import Order, order_of
from chaos.run_folder import FOLDER_VARIABLE
from chaos.timeline import MARKS
from dashboards_as_code import boards, sources

pytestmark = pytest.mark.lab
untimed = pytest.mark.untimed

GAMEDAY = str(Path(sys.executable).with_name("gameday"))
SCALE = 10
RUN_SECONDS = 240
FIRST_PORT = 21_000
"""Of labs side by side, below those that systems give to whoever asks: none takes a port that another has chosen."""


def own_ports() -> list[str]:
    """Options that pin every port of a lab to one that no other process of this test run uses."""
    first = FIRST_PORT + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return [f"--port={name}={port}" for port, name in enumerate(PORT_NAMES, first)]


def run(out: Path, experiment: str, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, result.json and everything that was printed."""
    done = subprocess.run(
        [GAMEDAY, "run", experiment, "--scale", str(SCALE), "--out", str(out), *own_ports(), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    result: dict[str, Any] = json.loads((out / "latest" / "result.json").read_text())
    return done.returncode, result, done.stdout


def left_of(out: Path) -> list[psutil.Process]:
    """Processes of the latest run's lab that still live."""
    return marked_processes(read_state(out / "latest" / "lab").lab_id)


def findings_against(result: dict[str, Any]) -> list[str]:
    return [one["name"] for one in result["findings"] if not one["holds"]]


def test_the_page_brings_redis_back_within_the_predicted_time(tmp_path: Path) -> None:
    code, result, output = run(tmp_path, "redis-hang")
    assert (code, result["verdict"]) == (0, "passed"), output
    assert list(result["marks"]) == list(MARKS)
    assert sorted(result["marks"].values()) == list(result["marks"].values())
    latest = result["predicted_detection_seconds"] + result["error_bar_seconds"]
    assert 0 < result["mttd_seconds"] <= latest
    assert result["mttd_seconds"] < result["mttr_seconds"]
    assert result["audit"]["acknowledged"] > 500
    assert (result["audit"]["lost"], result["audit"]["doubled"]) == (0, 0)
    assert output.splitlines()[-6].startswith("verdict  passed")
    assert not left_of(tmp_path)
    page = (tmp_path / "latest" / "report.html").read_text()
    assert "<svg" in page
    assert "src=" not in page
    assert "<link" not in page


def order() -> Order:
    return order_of("redis-hang", SCALE, seed=1, pinned_ports={}, rules_file=None)


@untimed
def test_a_rule_that_cannot_fire_fails_the_run(tmp_path: Path) -> None:
    rules = tmp_path / "broken.rules.yaml"
    rules.write_text(slo.rules.to_yaml(broken_rules(order())))
    code, result, output = run(tmp_path, "redis-hang", "--rules", str(rules))
    assert (code, result["verdict"]) == (1, "failed"), output
    assert "page arrived" in findings_against(result)
    assert "ledger audit" not in findings_against(result)
    assert "notified" not in result["marks"]
    assert not left_of(tmp_path)


@untimed
def test_a_fault_without_effect_is_invalid(tmp_path: Path) -> None:
    file = tmp_path / "redis-hang-prevented.yaml"
    file.write_text(yaml.safe_dump(without_effect(order().experiment)))
    code, result, output = run(tmp_path, str(file))
    assert (code, result["verdict"]) == (3, "invalid"), output
    assert "effect confirmed" in findings_against(result)
    assert not {"steady state before", "fault injected"} & set(findings_against(result))
    assert not left_of(tmp_path)


class Live:
    """A run that goes on while a test interferes with it."""

    def __init__(self, out: Path, *options: str) -> None:
        self.out = out
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [GAMEDAY, "run", "redis-hang", "--scale", str(SCALE), "--out", str(out), *own_ports(), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, text: str) -> None:
        """Read its output up to a line with this text."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"the run ended without {text!r}: {''.join(self.lines)}")

    def end(self) -> tuple[int, str]:
        """Exit code and its last line."""
        assert self.process.stdout
        self.lines += self.process.stdout.read().splitlines(keepends=True)
        return self.process.wait(60), self.lines[-1]

    @property
    def state(self) -> LabState:
        return read_state(self.out / "latest" / "lab")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    started = Live(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.terminate()
        started.process.wait(60)
    if started.process.stdout:
        started.process.stdout.close()


@untimed
def test_a_runner_killed_during_the_fault_leaves_nothing_behind(live: Live) -> None:
    live.until("fault injected")
    state = live.state
    assert len(marked_processes(state.lab_id)) >= 9
    live.process.kill()
    live.process.wait()
    end = time.monotonic() + 10
    while left := marked_processes(state.lab_id):
        assert time.monotonic() < end, f"still alive after 10 s: {left}"
        time.sleep(0.1)
    for name, port in state.ports.items():
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0, f"{name} still listens on {port}"


@untimed
def test_a_server_that_dies_is_named_and_everything_is_taken_down(live: Live) -> None:
    live.until("load:")
    state = live.state
    psutil.Process(state.program("collector").pid).kill()
    code, last = live.end()
    assert code == 3
    assert last.startswith("gameday: collector died (exit -9)")
    assert not marked_processes(state.lab_id)
    result = json.loads((live.out / "latest" / "result.json").read_text())
    assert (result["verdict"], "collector died" in result["reason"]) == ("invalid", True)


@untimed
def test_a_run_that_is_interrupted_takes_everything_down(live: Live) -> None:
    live.until("load:")
    state = live.state
    live.process.terminate()
    code, last = live.end()
    assert (code, last) == (3, "gameday: interrupted; the lab was taken down\n")
    assert not marked_processes(state.lab_id)


@untimed
def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, result, output = run(tmp_path, "redis-hang", "--port", f"prometheus={port}")
    assert (code, result["verdict"]) == (3, "invalid")
    assert output.splitlines()[-1] == f"gameday: port {port}, asked for prometheus, is taken; choose a free one"


@untimed
def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLS_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", str(tmp_path))
    code, result, output = run(tmp_path, "redis-hang")
    assert (code, result["verdict"]) == (3, "invalid")
    assert output.splitlines()[-1].startswith("gameday: promtool is missing: run `make setup`, or install promtool")


def command(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name(name)
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=folder)


def assert_forged_webhooks_show(prometheus: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short form of `make mutation`: one fault, on the board that is about it."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    faults, began = load_faults(["webhooks-forged"]), time.time()
    assert clients.forge_webhooks(seconds=11, per_second=20)
    ended = time.time()
    errors = [board for board in boards.build(sources.load()) if board.uid == "errors"]
    readings = read(errors, prometheus, began - CALM_SECONDS, ended, RATE_INTERVAL)
    (found,) = judge(faults, [Episode("webhooks-forged", began, ended)], readings, LAG_SECONDS)
    assert found.expected["errors: Webhooks by outcome"] > THRESHOLD, found
    assert not [panel for panel in found.false if "Redis" in panel or "Stripe" in panel], found


def test_a_lab_stays_up_with_every_panel_filled_until_it_is_taken_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = command(tmp_path, "gameday", "up", "--scale", str(SCALE), "--load", "40")
    assert up.returncode == 0, up.stderr
    state = read_state(tmp_path / "var" / "lab" / "lab")
    try:
        for name, url in state.urls.items():
            assert f"{name:18} {url}" in up.stdout
        assert {"service", "redis", "prometheus", "alertmanager", "collector"} <= set(state.programs)
        again = command(tmp_path, "gameday", "up")
        assert (again.returncode, "a lab is running already" in again.stderr) == (2, True)
        end = time.monotonic() + 60
        check = ("check", "--prometheus", state.urls["prometheus"], "--rate-interval", "5s", "--lookback", "30s")
        while (panels := command(tmp_path, "dashboards", *check)).returncode != 0:
            assert time.monotonic() < end, panels.stdout + panels.stderr
            time.sleep(1)
        assert panels.stdout.splitlines()[-1].endswith("empty=0")
        assert_forged_webhooks_show(state.urls["prometheus"], tmp_path / "var" / "lab", monkeypatch)
    finally:
        down = command(tmp_path, "gameday", "down")
    assert (down.returncode, down.stdout) == (0, "the lab is down\n")
    assert not marked_processes(state.lab_id)
