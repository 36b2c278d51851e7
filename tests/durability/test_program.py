"""A program that is killed, hung and started again."""

import sys
import time

import pytest

from chaos.errors import LabError
from chaos.lab.durability import program as program_module
from chaos.lab.durability.program import Program
from chaos.lab.parts import Part
from chaos.lab.ports import choose_ports
from chaos.lab.processes import Command
from chaos.lab.readiness import answers_http


@pytest.fixture
async def start(tmp_path):
    programs = []

    async def run(*argv):
        port = choose_ports(("web",), {})["web"]
        command = argv or (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
        part = Part(Command("web", command, tmp_path / "web.log"), answers_http(f"http://127.0.0.1:{port}/"))
        pids = []
        programs.append(Program(part, "test-of-a-program", pids.append))
        await programs[-1].start()
        return programs[-1], pids, part.ready

    yield run
    for program in programs:
        await program.stop()


async def test_a_restart_is_a_kill_and_a_new_process_that_answers(start):
    program, pids, ready = await start()
    between = []
    await program.restart(between=lambda: between.append(len(pids)))
    assert between == [1]
    assert len(set(pids)) == 2
    assert len(program.start_seconds) == 2
    assert await ready()


async def test_a_hung_program_answers_again_when_it_is_resumed(start):
    program, _, ready = await start()
    program.hang()
    assert not await ready()
    program.resume()
    assert await ready()


async def test_a_hung_program_can_be_killed_and_its_successor_is_not_hung(start):
    program, pids, ready = await start()
    program.hang()
    await program.restart()
    program.resume()
    assert len(pids) == 2
    assert await ready()


async def test_a_program_that_keeps_dying_is_an_error_with_its_last_words(start, monkeypatch):
    monkeypatch.setattr(program_module, "_START_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(LabError, match="no settings"):
        await start(sys.executable, "-c", "raise SystemExit('no settings')")
    assert time.monotonic() - began > 0.5
