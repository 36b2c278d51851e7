import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from slo.model import Policy, Slo
from slo.policy import load_policy
from slo.spec import SPECS, load_specs

ROOT = Path(__file__).parents[2]

Promtool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def slo() -> Slo:
    return next(slo for slo in load_specs(SPECS.glob("*.yaml")) if slo.name == "api-availability")


@pytest.fixture
def seed() -> Policy:
    return load_policy("seed")


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs promtool with arguments; a machine without it cannot test rules, which is a failure."""
    program = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / ".tools" / "bin"))
    assert program, "promtool is neither on PATH nor in .tools/bin"

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = [program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run
