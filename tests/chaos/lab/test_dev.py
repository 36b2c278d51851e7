import asyncio
import json
import re
import signal
import subprocess
import sys
import time

import pytest

from chaos.lab import dev
from chaos.lab.dev_card import DevCard, first_requests
from chaos.lab.source_watch import SourceWatch

SECONDS = 60


def start(folder, *options, port="3202"):
    argv = [sys.executable, "-m", "chaos.lab.dev", "--folder", str(folder), "--port", port, *options]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_once_brings_everything_up_and_leaves_nothing(tmp_path):
    folder = tmp_path / "stack"
    process = start(folder, "--once")
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    for name in ("redis", "stripe", "service", "worker"):
        assert re.search(rf"s  {name} ready after", said)
    for line in first_requests():
        assert line in said
    assert "c2pa_" not in said
    assert not folder.with_suffix(".json").exists()
    assert not folder.with_suffix(".env").exists()


def test_a_second_stack_takes_the_next_port_and_another_folder(stack, tmp_path):
    card = stack.folder.with_suffix(".json")
    assert card.stat().st_mode & 0o077 == 0
    shown = json.loads(card.read_text())
    assert shown.keys() == {"base_url", "tenant_id", "api_key", "webhook_secret", "stripe_sandbox_url"}
    refused, _ = start(stack.folder, "--once").communicate(timeout=SECONDS)
    assert re.fullmatch(r"dev: process \d+ runs a stack in .*; end it, or give another --folder\n", refused)
    taken = shown["base_url"].rpartition(":")[2]
    process = start(tmp_path / "second", "--no-reload", port=taken)
    second = tmp_path / "second.json"
    deadline = time.monotonic() + SECONDS
    while not second.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert json.loads(second.read_text())["base_url"] != shown["base_url"]
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=SECONDS)
    assert f"port {taken} is taken" in said
    assert (process.returncode, said.splitlines()[-1]) == (0, "dev: ended")
    assert not second.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "high"], "dev: argument --port: 'high'; expected a port from 1 to 65500\n"),
        (["--once", "--no-reload"], "dev: argument --no-reload: not allowed with argument --once\n"),
    ],
)
def test_a_mistake_is_one_line(capsys, options, said):
    with pytest.raises(SystemExit) as ended:
        dev.main(options)
    assert ended.value.code == 2
    assert capsys.readouterr().err == said


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert dev.main(["--folder", str(tmp_path), "--once"]) == 2
    assert "holds other files" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


class Reloading:
    """A stack that only counts; `broken` makes the next restart fail."""

    def __init__(self):
        self.reloads = 0
        self.broken = False

    async def reload(self, _say):
        self.reloads += 1
        if self.broken:
            raise dev.LabError("service died")


async def test_a_change_restarts_and_broken_code_waits_for_the_next_change(tmp_path, monkeypatch):
    package = tmp_path / "service"
    package.mkdir()
    monkeypatch.setattr(dev, "PROJECT", tmp_path)
    monkeypatch.setattr(dev, "_POLL_SECONDS", 0.01)
    stack, said = Reloading(), []
    following = asyncio.create_task(dev._follow(stack, said.append))
    await asyncio.sleep(0.05)
    for number, stack.broken in enumerate((False, True, False), start=1):
        (package / f"module_{number}.py").write_text("")
        async with asyncio.timeout(5):
            while stack.reloads < number:
                await asyncio.sleep(0.01)
    following.cancel()
    assert [line for line in said if line.startswith("changed")] == [
        f"changed: service/module_{number}.py" for number in (1, 2, 3)
    ]
    assert "not running: service died; waiting for the next change" in said


def test_what_python_writes_beside_the_sources_is_no_change(tmp_path):
    watch = SourceWatch(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.py").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert watch.changed() == []
    (tmp_path / "page.html").write_text("")
    assert [str(path) for path in watch.changed()] == ["page.html"]
    (tmp_path / "page.html").unlink()
    assert [str(path) for path in watch.changed()] == ["page.html"]
    assert watch.changed() == []


def test_the_variables_survive_a_shell(tmp_path):
    card = DevCard("http://127.0.0.1:1", "t", "k'; echo stolen '", "whsec_x", "http://127.0.0.1:2")
    card.write(tmp_path / "dev")
    script = f'. {tmp_path / "dev.env"}; printf %s "$API_KEY"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == card.api_key
