import asyncio
import sys
import uuid
from pathlib import Path

import psutil
import pytest

from chaos.errors import LabError
from chaos.lab.processes import Command, Running, last_line, marked_processes
from chaos.lab.readiness import wait_ready


def python(name: str, code: str, folder: Path, *, ends: bool = False) -> Command:
    return Command(name, (sys.executable, "-c", code), folder / f"{name}.log", ends=ends)


async def test_a_stopped_program_ends_and_is_no_failure(tmp_path: Path) -> None:
    running = await Running.start(python("sleeper", "import time; time.sleep(60)", tmp_path), uuid.uuid4().hex)
    assert running.died() is None
    await running.stop()
    assert running.died() is None
    assert not psutil.pid_exists(running.pid)


async def test_a_program_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    command = python("deaf", code, tmp_path)
    running = await Running.start(command, uuid.uuid4().hex)
    while "deaf" not in command.log.read_text():
        await asyncio.sleep(0.02)
    assert await running.stop(seconds=0.3) == -9


async def test_a_program_that_hangs_can_be_stopped(tmp_path: Path) -> None:
    running = await Running.start(python("hung", "import time; time.sleep(60)", tmp_path), uuid.uuid4().hex)
    psutil.Process(running.pid).suspend()
    assert await running.stop() == -15


async def test_a_program_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    running = await Running.start(python("dying", "print('address in use'); exit(3)", tmp_path), uuid.uuid4().hex)
    await running.wait(5)
    died = running.died()
    assert died is not None
    assert "dying died (exit 3)" in str(died)
    assert "address in use" in str(died)


async def test_a_program_that_ends_by_itself_may_end(tmp_path: Path) -> None:
    running = await Running.start(python("short", "exit(0)", tmp_path, ends=True), uuid.uuid4().hex)
    assert await running.wait(5) == 0
    assert running.died() is None


async def test_readiness_gives_up_by_name(tmp_path: Path) -> None:
    running = await Running.start(python("slow", "import time; time.sleep(60)", tmp_path), uuid.uuid4().hex)

    async def never() -> bool:
        return False

    with pytest.raises(LabError, match=r"slow was not ready after 0.3 s"):
        await wait_ready(running, never, 0.3)
    await running.stop()


async def test_processes_of_a_lab_are_found_with_their_children(tmp_path: Path) -> None:
    lab_id = uuid.uuid4().hex
    code = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    )
    running = await Running.start(python("parent", code, tmp_path), lab_id)
    end = asyncio.get_running_loop().time() + 5
    while len(found := marked_processes(lab_id)) < 2:
        assert asyncio.get_running_loop().time() < end, "the child was not found"
        await asyncio.sleep(0.05)
    assert running.pid in {one.pid for one in found}
    for one in found:
        one.kill()
    await running.wait(5)


def test_the_last_line_of_a_silent_log_says_so(tmp_path: Path) -> None:
    log = tmp_path / "silent.log"
    log.write_text("\n  \n")
    assert last_line(log) == "(nothing)"
