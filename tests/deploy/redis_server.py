"""A Redis started with a configuration file of ours, on a Unix socket of its own."""

import subprocess
import time
from pathlib import Path

import redis

from chaos.lab.programs import find

CHECKED = "checked-password"


def settings_of_a_started_server(
    config: Path, folder: Path, secret: Path | None = None, password: str = CHECKED
) -> dict[str, str]:
    """What CONFIG GET says once a server with that file, a password and the folder as its data answers."""
    socket = folder / "redis.sock"
    if secret is None:
        secret = folder / "secret.conf"
        secret.write_text(f"requirepass {password}\n")
    ours = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--daemonize", "no"]
    argv = [find("redis"), config, "--include", secret, *ours]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        try:
            client = redis.Redis(unix_socket_path=str(socket), password=password, decode_responses=True)
            _wait(client, process)
            settings: dict[str, str] = client.config_get("*")
            client.close()
        finally:
            process.terminate()
    return settings


def _wait(client: "redis.Redis", process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            assert process.poll() is None, f"redis ended with {process.returncode}"
            assert time.monotonic() < deadline, "redis gave no answer in 10 s"
            time.sleep(0.05)
