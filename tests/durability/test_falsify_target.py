"""`make durability-falsify` is green only if both runs came to their end and found a loss."""

import os
import subprocess
from pathlib import Path

import pytest

from chaos.lab.programs import PROJECT

OUTCOME = Path("var/durability/outcome.json")
FINDS = f"mkdir -p {OUTCOME.parent}; echo {{}} > {OUTCOME}; exit 1"
HOLDS = f"mkdir -p {OUTCOME.parent}; echo {{}} > {OUTCOME}; exit 0"


@pytest.mark.parametrize(
    ("losses", "mistake", "code"),
    [
        (FINDS, FINDS, 0),
        ("exit 1", FINDS, 2),
        (FINDS, "exit 1", 2),
        (HOLDS, FINDS, 2),
        (FINDS, HOLDS, 2),
        (FINDS, "exit 3", 2),
    ],
    ids=["both find", "a crash", "a crash after a run", "nothing lost", "nothing lost to the mistake", "no lab"],
)
def test_a_bench_that_crashes_has_seen_no_loss(tmp_path: Path, losses: str, mistake: str, code: int) -> None:
    """The real Makefile, with a bench that ends as told; an outcome of an earlier run lies there."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *chaos.lab.install*) exit 0;; *--mistake*) {mistake};; esac\n{losses}\n'
    )
    python.chmod(0o755)
    (tmp_path / OUTCOME).parent.mkdir(parents=True)
    (tmp_path / OUTCOME).write_text("{}")
    for name in ("requirements.lock", "pyproject.toml", "venv/.complete"):
        (tmp_path / name).touch()
    argv = ["make", "-f", str(PROJECT / "Makefile"), "durability-falsify", "VENV=venv"]
    env = {"PATH": os.environ["PATH"]}
    run = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == code, run.stdout + run.stderr
    assert ("expected 1 and var/durability/outcome.json" in run.stderr) is (code != 0)
