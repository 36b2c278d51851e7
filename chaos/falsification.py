"""Proof that a verdict can say no: the same GameDay with one thing spoiled on purpose must not pass.

Each spoiled run is a `gameday run` of its own, so that its exit code is the one that a pipeline would see.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from chaos.errors import LabError
from chaos.experiment import Experiment
from chaos.lab.processes import marked_processes
from chaos.lab.state import read_state
from chaos.order import Order
from chaos.run_folder import RunFolder
from slo import rules
from slo.model import plain

_NEVER = "2"
"""An error ratio that no outage reaches."""
_RUN_SECONDS = 900.0
_SWEEP_SECONDS = 10.0
_PACE_SECONDS = 0.1


@dataclass(frozen=True)
class Falsification:
    """Exit codes of the spoiled runs, and how many processes were left ten seconds after the runner was killed."""

    broken_rule_exit: int
    prevented_effect_exit: int
    processes_left: int

    @property
    def holds(self) -> bool:
        """A broken promise fails, a fault without effect is invalid, and nothing is left behind."""
        return (self.broken_rule_exit, self.prevented_effect_exit, self.processes_left) == (1, 3, 0)


def falsify(order: Order, experiment: str, out: Path, progress: Callable[[str], None]) -> Falsification:
    """Spoil the experiment (a name or a path) three times below `out`; LabError if a run never gets to its fault."""
    out.mkdir(parents=True, exist_ok=True)
    broken = out / "broken.rules.yaml"
    broken.write_text(rules.to_yaml(broken_rules(order)))
    prevented = out / f"{order.experiment.name}-prevented.yaml"
    prevented.write_text(yaml.safe_dump(without_effect(order.experiment)))
    progress("the rules can no longer fire: expecting exit 1")
    failed = _run(order, out, experiment, "--rules", str(broken))
    progress(f"exit {failed}; the fault is undone at once: expecting exit 3")
    invalid = _run(order, out, str(prevented))
    progress(f"exit {invalid}; the runner is killed during the fault: expecting no process left")
    return Falsification(failed, invalid, _killed(order, out, experiment))


def broken_rules(order: Order) -> dict[str, Any]:
    """The generated rules with thresholds that can never be exceeded."""
    document = rules.rule_file(order.slo, order.policy, order.scale)
    thresholds = {f"> {plain(pair.threshold(order.slo.objective))}" for pair in order.policy.pairs}
    for rule in (rule for group in document["groups"] for rule in group["rules"] if "alert" in rule):
        rule["expr"] = "\n".join(_raised(line, thresholds) for line in rule["expr"].splitlines())
    return document


def without_effect(experiment: Experiment) -> dict[str, Any]:
    """The experiment with its rollback right after its fault."""
    method = experiment.document["method"]
    return {**experiment.document, "method": [method[0], *experiment.document["rollbacks"], *method[1:]]}


def _raised(line: str, thresholds: set[str]) -> str:
    found = next((one for one in thresholds if line.endswith(one)), None)
    return line.removesuffix(found) + f"> {_NEVER}" if found else line


def _command(order: Order, out: Path, experiment: str, *options: str) -> list[str]:
    gameday = [sys.executable, "-m", "chaos", "run", experiment]
    return [*gameday, "--scale", str(order.scale), "--seed", str(order.seed), "--out", str(out), *options]


def _run(order: Order, out: Path, experiment: str, *options: str) -> int:
    with (out / "runs.log").open("ab") as log:
        command = _command(order, out, experiment, *options)
        try:
            return subprocess.run(command, stdout=log, stderr=log, check=False, timeout=_RUN_SECONDS).returncode
        except subprocess.TimeoutExpired as error:
            raise LabError(f"a run took longer than {_RUN_SECONDS:g} s; see {out / 'runs.log'}") from error


def _killed(order: Order, out: Path, experiment: str) -> int:
    """Kill a runner once its fault is there; the number of its lab's processes that are still there after a while."""
    before = (out / "latest").resolve()
    with (out / "runs.log").open("ab") as log:
        runner = subprocess.Popen(_command(order, out, experiment), stdout=log, stderr=log)
    try:
        lab_id = read_state(_await_fault(runner, out, before).lab).lab_id
        if not marked_processes(lab_id):
            raise LabError(f"no process of the run to be killed was found; see {out / 'runs.log'}")
    finally:
        runner.kill()
        runner.wait()
    return len(_left(lab_id))


def _await_fault(runner: subprocess.Popen[bytes], out: Path, before: Path) -> RunFolder:
    end = time.monotonic() + _RUN_SECONDS
    while time.monotonic() < end and runner.poll() is None:
        folder = RunFolder((out / "latest").resolve())
        if folder.root != before and folder.recorded("fault_injected"):
            return folder
        time.sleep(_PACE_SECONDS)
    raise LabError(f"the run to be killed never got to its fault; see {out / 'runs.log'}")


def _left(lab_id: str) -> list[psutil.Process]:
    end = time.monotonic() + _SWEEP_SECONDS
    while (left := marked_processes(lab_id)) and time.monotonic() < end:
        time.sleep(_PACE_SECONDS)
    return left
