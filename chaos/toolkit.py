"""Chaos Toolkit as a process of its own: it needs a main thread, keeps global state and may die of a bad value."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from chaos.errors import LabError, UserMistake
from chaos.experiment import Experiment
from chaos.lab.processes import Command, Running
from chaos.lab.stack import Lab
from chaos.run_folder import FOLDER_VARIABLE, RunFolder

CONTROLS = [{"name": "gameday", "provider": {"type": "python", "module": "chaos.controls"}}]
_QUIET = ("--no-version-check", "--no-log-file")
_VALIDATION_SECONDS = 60.0


def write_experiment(experiment: Experiment, folder: RunFolder) -> None:
    """The experiment as Chaos Toolkit gets it: with our controls, which note every activity."""
    folder.experiment.write_text(json.dumps({**experiment.document, "controls": CONTROLS}, indent=1))


async def validate(folder: RunFolder) -> None:
    """UserMistake in Chaos Toolkit's words if it does not take the experiment."""
    process = await asyncio.create_subprocess_exec(
        chaos_program(),
        *_QUIET,
        "validate",
        "--no-verify-tls",
        str(folder.experiment),
        env={**os.environ, FOLDER_VARIABLE: str(folder.root)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), _VALIDATION_SECONDS)
    if process.returncode != 0:
        complaints = [line for line in output.decode(errors="replace").splitlines() if "ERROR" in line or " - " in line]
        raise UserMistake(f"Chaos Toolkit refuses the experiment: {' '.join(complaints)[-300:]}")


async def start(lab: Lab, folder: RunFolder) -> Running:
    """Begin the experiment; its rollbacks run however it ends."""
    options = ("--journal-path", str(folder.journal), "--rollback-strategy", "always")
    argv = (chaos_program(), *_QUIET, "run", *options, str(folder.experiment))
    environment = {FOLDER_VARIABLE: str(folder.root)}
    return await lab.start_command(Command("chaos", argv, folder.root / "chaos.log", environment, ends=True))


def read_journal(folder: RunFolder) -> dict[str, Any] | None:
    """Chaos Toolkit's journal, None if it died before writing one."""
    if not folder.journal.exists():
        return None
    journal: dict[str, Any] = json.loads(folder.journal.read_text())
    return journal


def chaos_program() -> str:
    """The `chaos` beside this interpreter; LabError if the project is not installed."""
    found = shutil.which("chaos", path=str(Path(sys.executable).parent))
    if found is None:
        raise LabError("the command chaos is missing; run make setup")
    return found
