"""The command as the lab runs it."""

import signal
import subprocess
import sys
from http.client import HTTPConnection

import pytest

COMMAND = [sys.executable, "-m", "chaos.lab.stripe_sandbox"]


def test_it_serves_until_it_is_told_to_stop() -> None:
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/_sandbox/healthy")
    assert connection.getresponse().status == 200
    connection.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 0
    process.stdout.close()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--port"),
        (["--port", "http"], "--port"),
        (["--port", "70000"], "--port"),
        (["--port", "0", "--webhook-url", "http://127.0.0.1:1"], "--webhook-secret"),
        (["--port", "0", "--webhook-secret", "whsec_x"], "--webhook-url"),
        (["--port", "0", "--webhook-url", "here", "--webhook-secret", "whsec_x"], "--webhook-url"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], named: str) -> None:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=10)
    assert ended.returncode == 2
    assert ended.stderr.startswith("stripe_sandbox: ")
    assert named in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_port_in_use_is_a_mistake_too() -> None:
    first = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    port = first.stdout.readline().rsplit(":", 1)[1].strip()
    second = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=10)
    first.terminate()
    first.wait(timeout=5)
    first.stdout.close()
    assert second.returncode == 2
    assert second.stderr.startswith("stripe_sandbox: --port: ")
