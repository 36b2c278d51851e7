"""The virtual environment is made once, and anew after an interruption; the Makefile chooses the interpreter."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.lab import environment, steps
from chaos.lab.programs import PROJECT


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that were run; creating the environment makes its interpreter, the others do nothing."""
    seen: list[str] = []

    def record(step: steps.Step) -> None:
        seen.append(step.title)
        if "venv" in step.argv:
            python = Path(step.argv[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.unlink(missing_ok=True)
            python.symlink_to(sys.executable)

    monkeypatch.setattr(steps, "run", record)
    return seen


INSTALLS = ["python packages: installing requirements.lock", "python packages: installing the project"]
CREATION = "python environment: creating it"


def test_a_fresh_environment_is_created_and_stamped(tmp_path: Path, titles: list[str]) -> None:
    environment.prepare(tmp_path / "venv")
    assert titles == [CREATION, *INSTALLS]
    assert (tmp_path / "venv" / environment.STAMP).exists()


def test_a_finished_environment_is_only_updated(tmp_path: Path, titles: list[str]) -> None:
    environment.prepare(tmp_path / "venv")
    environment.prepare(tmp_path / "venv")
    assert titles == [CREATION, *INSTALLS, *INSTALLS]


def test_an_interrupted_environment_is_created_anew(
    tmp_path: Path, titles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_step: steps.Step) -> None:
        raise KeyboardInterrupt

    environment.prepare(tmp_path / "venv")
    with monkeypatch.context() as patch:
        patch.setattr(steps, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            environment.prepare(tmp_path / "venv")
    titles.clear()
    environment.prepare(tmp_path / "venv")
    assert titles == [CREATION, *INSTALLS]


def test_an_interpreter_that_is_gone_is_replaced(tmp_path: Path, titles: list[str]) -> None:
    environment.prepare(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python")
    environment.prepare(tmp_path / "venv")
    assert titles.count(CREATION) == 2


def test_a_python_without_venv_gets_debians_package(
    tmp_path: Path, titles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    environment.prepare(tmp_path / "venv")
    package = f"python3.{sys.version_info.minor}-venv"
    assert titles == [
        "python environment: reading Debian's package lists",
        f"python environment: installing {package}",
        CREATION,
        *INSTALLS,
    ]


def test_a_python_without_venv_and_without_apt_says_what_to_install(
    tmp_path: Path, titles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(steps.StepFailed, match=r"this Python lacks venv; install python3\.\d+-venv$"):
        environment.prepare(tmp_path / "venv")
    assert titles == []


def test_an_unreachable_package_index_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(step: steps.Step) -> None:
        raise steps.StepFailed(step.title, "WARNING: x\nERROR: No matching distribution found for aiohttp")

    monkeypatch.setattr(steps, "run", fail)
    assert environment.main([str(tmp_path / "venv")]) == 3
    errors = capsys.readouterr().err
    assert errors.startswith("environment: cannot reach ")
    assert errors.count("\n") == 1


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def make(tmp_path: Path, *pythons: str | Path) -> subprocess.CompletedProcess[str]:
    """`make .venv/.complete` in a folder of its own, with these interpreters to choose from."""
    shutil.copy(PROJECT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    argv = ["make", ".venv/.complete", f"PYTHONS={' '.join(map(str, pythons))}"]
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}  # of the make that may be running these tests
    env = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=20, check=False)


def test_an_interpreter_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = script(tmp_path / "shim", "echo command not found >&2; exit 127")
    python = script(tmp_path / "python", '[ "$1" = -c ] || echo "$@"')
    done = make(tmp_path, "nonesuch", shim, python)
    assert (done.returncode, done.stdout, done.stderr) == (0, "-m chaos.lab.environment .venv\n", "")


def test_without_a_python_make_says_what_to_install(tmp_path: Path) -> None:
    done = make(tmp_path, "nonesuch")
    assert done.returncode != 0
    assert done.stderr.startswith("setup: no Python 3.11, 3.12 or 3.13 on PATH; install one (apt install ")
