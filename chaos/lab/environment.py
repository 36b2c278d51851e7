"""Command `python -m chaos.lab.environment FOLDER`: the virtual environment, with exactly the locked packages.

Standard library only: it runs with the system's Python, before the project's packages are there.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from chaos.lab import steps

PROJECT = Path(__file__).resolve().parents[2]
STAMP, UNFINISHED = ".complete", ".unfinished"
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
_EXIT = 3
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Create or update the environment; the stamp in it is written last. 0, 2 for misuse, 3 when it failed."""
    if len(argv) != 1:
        print("environment: expected one argument, the folder of the environment", file=sys.stderr)
        return 2
    try:
        prepare(Path(argv[0]).absolute())
    except steps.StepFailed as error:
        print(f"environment: {advice(error)}", file=sys.stderr)
        return _EXIT
    except KeyboardInterrupt:
        print("environment: interrupted; the next run continues from here", file=sys.stderr)
        return _INTERRUPTED
    return 0


def prepare(folder: Path) -> None:
    """Bring the environment to what the lock says; raises StepFailed."""
    unfinished = folder / UNFINISHED
    if unfinished.exists() or not _usable(folder / "bin" / "python"):
        _create(folder)
    unfinished.touch()
    python = folder / "bin" / "python"
    lock = ("--require-hashes", "-r", "requirements.lock")
    _run("python packages: installing requirements.lock", [python, *_PIP, *lock])
    project = ("--no-deps", "--no-build-isolation", "-e", ".")
    _run("python packages: installing the project", [python, *_PIP, *project])
    (folder / STAMP).touch()
    unfinished.unlink()


def advice(error: steps.StepFailed) -> str:
    """One line on what to do; the Python package index is what an unreachable network hides here."""
    if error.unreachable:
        return f"cannot reach a package source; check the network or pip's and apt's settings ({error})"
    return str(error)


def _create(folder: Path) -> None:
    """A fresh environment: half a package of an interrupted run would pass for a whole one."""
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv()
    _run("python environment: creating it", [sys.executable, "-m", "venv", "--clear", folder])


def _install_venv() -> None:
    """Debian keeps `venv` in a package of its own."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    privilege = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (privilege and shutil.which("sudo") is None):
        raise steps.StepFailed("python environment", f"this Python lacks venv; install {package}")
    apt = [*privilege, "apt-get", "-o", "Acquire::Retries=2"]
    _run("python environment: reading Debian's package lists", [*apt, "update"])
    _run(f"python environment: installing {package}", [*apt, "install", "--yes", package])


def _usable(python: Path) -> bool:
    """Whether an earlier environment's interpreter still runs: it may have been upgraded away."""
    try:
        subprocess.run([python, "-m", "pip", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(title: str, argv: Sequence[str | Path]) -> None:
    log = PROJECT / ".tools" / "log" / f"{title.split(':', 1)[0].replace(' ', '-')}.log"
    steps.run(steps.Step(title, argv, log, os.environ, PROJECT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
