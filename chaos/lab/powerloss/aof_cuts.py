"""What a server loads from an append-only file that ends at any byte."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.errors import LabError

_SECONDS = 10.0
_PACE_SECONDS = 0.001
_BEGIN, _END = b"*1\r\n$5\r\nMULTI\r\n", b"*1\r\n$4\r\nEXEC\r\n"
_CONFIGURATION = """\
port 0
unixsocket "{address}"
dir "{folder}"
appendonly yes
appendfsync no
aof-load-truncated yes
save ""
# Answers with one digest of the whole data set, whatever its keys are and in whatever order they lie.
enable-debug-command local
"""


def last_increment(data: Path) -> Path:
    """The file that a server appends to; LabError if there is none."""
    increments = sorted(data.glob("appendonlydir/*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
    if not increments:
        raise LabError(f"{data}: no append-only file; expected the data folder of a server that ran with one")
    return increments[-1]


def transaction_around(content: bytes, text: bytes) -> range:
    """The bytes of the one transaction in which a text stands; LabError if it stands outside of one, or in several."""
    first, last = content.find(text), content.rfind(text)
    start, end = content.rfind(_BEGIN, 0, max(first, 0)), content.find(_END, last)
    if first < 0 or start < 0 or content.find(_END, start) != end:
        raise LabError(f"{text!r} does not stand in one transaction; expected all writes of a request in one script")
    return range(start, end + len(_END))


def digests(server: Path, data: Path, lengths: Iterable[int], at_once: int = 2) -> dict[int, str]:
    """The digest of the data set that a server loads when its last increment has each of these lengths in bytes."""
    with tempfile.TemporaryDirectory(prefix="cuts-", dir=data.parent) as folder, ThreadPoolExecutor(at_once) as pool:
        asked = {length: pool.submit(_digest_of_cut, server, data, length, Path(folder)) for length in lengths}
        return {length: future.result() for length, future in asked.items()}


def _digest_of_cut(server: Path, data: Path, length: int, folder: Path) -> str:
    cut = folder / str(length)
    shutil.copytree(data, cut, copy_function=os.link)
    increment = last_increment(cut)
    content = increment.read_bytes()
    increment.unlink()  # a link to the original, which stays whole
    increment.write_bytes(content[:length])
    try:
        return _digest(server, cut)
    finally:
        shutil.rmtree(cut)


def _digest(server: Path, data: Path) -> str:
    """Start a server on the folder, ask, and kill it."""
    with tempfile.TemporaryDirectory(prefix="cut-") as short:  # the address of a socket may have 107 bytes at most
        address, configuration = Path(short) / "socket", data / "server.conf"
        configuration.write_text(_CONFIGURATION.format(folder=data, address=address))
        with (data / "log").open("wb") as log:
            process = subprocess.Popen([str(server), str(configuration)], stdout=log, stderr=log)
        try:
            return _ask(process, address)
        except TimeoutError as error:
            raise LabError(f"{server} did not load {data}: {(data / 'log').read_text()[-500:]}") from error
        finally:
            process.kill()
            process.wait()


def _ask(process: subprocess.Popen[bytes], address: Path) -> str:
    end = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < end:
        pong, _, digest = _exchange(address).partition("\r\n")
        if pong == "+PONG" and digest.startswith("+"):
            return digest.strip("+\r\n")
        time.sleep(_PACE_SECONDS)
    raise TimeoutError


def _exchange(address: Path) -> str:
    """The answers to PING, which is refused while the server loads, and to DEBUG DIGEST; none before it listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(address))
            connection.sendall(b"PING\r\nDEBUG DIGEST\r\nQUIT\r\n")
            return b"".join(iter(lambda: connection.recv(1024), b"")).decode()
        except (FileNotFoundError, ConnectionError):
            return ""
