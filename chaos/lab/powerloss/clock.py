"""A wall clock that can be stepped while programs run by it."""

from __future__ import annotations

import struct
from pathlib import Path

from chaos.lab.powerloss import shims

_NANOSECONDS = 1_000_000_000


class WallClock:
    """The offset between real time and the wall clock of the programs that were started with `environment`."""

    def __init__(self, path: Path, seconds: float = 0.0) -> None:
        self._path = path
        path.touch()
        self.step_to(seconds)

    @property
    def environment(self) -> dict[str, str]:
        """What a program's environment needs beside the preloaded library."""
        return {"CLOCK_OFFSET": str(self._path)}

    @property
    def seconds(self) -> float:
        """How far the clock is ahead of real time; negative when it is behind."""
        (nanoseconds,) = struct.unpack("=q", self._path.read_bytes())
        return int(nanoseconds) / _NANOSECONDS

    def step_to(self, seconds: float) -> None:
        """Set the offset from real time, at once and for all programs on this clock."""
        with self._path.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", round(seconds * _NANOSECONDS)))

    def step_by(self, seconds: float) -> None:
        """Move the clock forward, or back."""
        self.step_to(self.seconds + seconds)


def preloaded(clock: WallClock) -> dict[str, str]:
    """The environment of a program that lives by this clock."""
    return {**shims.preload(shims.CLOCK), **clock.environment}
