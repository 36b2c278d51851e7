"""What a power loss leaves of a Redis server's files, by the account that the preloaded library keeps."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import LabError
from chaos.lab.powerloss import shims
from chaos.lab.stripe_sandbox.dice import Dice

_FILES, _CHANGES, _PATH_BYTES = 1024, 256, 512
_CREATED, _RENAMED = 1, 2


class _File(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("device", "inode", "bytes")]


class _Change(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_uint64),
        ("kept", ctypes.c_uint64),
        ("path", ctypes.c_char * _PATH_BYTES),
        ("target", ctypes.c_char * _PATH_BYTES),
    ]


class _State(ctypes.Structure):
    """The same layout as in durable.c, whose lock comes behind it."""

    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("pid", "syncs", "overflows", "files", "changes", "committed", "links")),
        ("file", _File * _FILES),
        ("change", _Change * _CHANGES),
    ]


_LOCK_BYTES = 256


@dataclass(frozen=True, slots=True)
class Loss:
    """What one power loss took: bytes that were written and not durable, and changes of directories undone."""

    bytes_lost: int
    files_cut: int
    changes_undone: int


class Disk:
    """The disk below one server's data folder.

    `state` is the account's file; it must lie outside the data folder and on the same file system, as what the server
    replaces or removes is kept beside it as hard links.
    """

    def __init__(self, data: Path, state: Path) -> None:
        self._data = data
        self._state = state
        self._format()

    @property
    def environment(self) -> dict[str, str]:
        """What the server's environment needs beside the preloaded library."""
        return {"POWER_LOSS_STATE": str(self._state)}

    def check_watched(self, pid: int) -> None:
        """LabError if the server of that pid runs without the library, as one that is statically linked does."""
        if self._read().pid != pid:
            raise LabError(f"the server {pid} did not load {shims.DURABLE}.so; expected a dynamically linked server")

    def lose_power(self, dice: Dice | None = None) -> Loss:
        """Leave only what was durable; the server must have been killed.

        With `dice`, each file keeps a random part of what was written and not durable, so that it may end anywhere.
        """
        state = self._read()
        if state.overflows:
            raise LabError(f"the account in {self._state} ran out of room {state.overflows} times; enlarge durable.c's")
        for number in reversed(range(state.changes)):
            self._undo(state.change[number])
        durable = {(file.device, file.inode): int(file.bytes) for file in state.file[: state.files]}
        cuts = [_cut(path, durable, dice) for path in self._files()]
        self._format()
        return Loss(sum(cuts), sum(cut > 0 for cut in cuts), int(state.changes))

    def _undo(self, change: _Change) -> None:
        """Take one change back, unless the kill came before it was made."""
        path, target = Path(os.fsdecode(change.path)), Path(os.fsdecode(change.target))
        kept = Path(f"{self._state}.{change.kept}") if change.kept else None
        if change.kind == _CREATED:
            path.unlink(missing_ok=True)
        elif not path.exists():
            if change.kind == _RENAMED:
                target.rename(path)
            if kept is not None:
                os.link(kept, target)

    def _format(self) -> None:
        """Start a fresh account, in which all that is on the disk is durable."""
        state = _State()
        for number, path in enumerate(self._files()):
            found = path.stat()
            state.file[number] = _File(found.st_dev, found.st_ino, found.st_size)
            state.files = number + 1
        for kept in self._state.parent.glob(f"{self._state.name}.*"):
            kept.unlink()
        self._state.write_bytes(bytes(state) + bytes(_LOCK_BYTES))

    def _read(self) -> _State:
        return _State.from_buffer_copy(self._state.read_bytes())

    def _files(self) -> Iterator[Path]:
        return (path for path in sorted(self._data.rglob("*")) if path.is_file() and not path.is_symlink())


def _cut(path: Path, durable: dict[tuple[int, int], int], dice: Dice | None) -> int:
    """Cut a file back and return the number of bytes that it lost; what was never synced has no durable byte."""
    found = path.stat()
    certain = min(durable.get((found.st_dev, found.st_ino), 0), found.st_size)
    left = certain if dice is None else certain + int(dice.draw() * (found.st_size - certain + 1))
    if left < found.st_size:
        os.truncate(path, left)
    return found.st_size - left
