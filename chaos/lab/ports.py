"""Free loopback ports, and ports that were asked for."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

from chaos.errors import LabError

LOOPBACK = "127.0.0.1"


def choose_ports(names: Sequence[str], pinned: Mapping[str, int]) -> dict[str, int]:
    """One port a name: the pinned one, or a free one; LabError names a pinned port that is taken."""
    held: list[socket.socket] = []
    try:
        return {name: _bind(name, pinned.get(name, 0), held) for name in names}
    finally:
        for one in held:
            one.close()


def _bind(name: str, port: int, held: list[socket.socket]) -> int:
    listener = socket.socket()
    held.append(listener)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(1)
    except OSError as error:
        raise LabError(f"port {port}, asked for {name}, is taken; choose a free one") from error
    chosen: int = listener.getsockname()[1]
    return chosen
