"""Draws that follow from a seed alone, the same on every machine."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Numbers from 0 to below 1, evenly spread."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._drawn = 0

    def draw(self) -> float:
        """The next number."""
        self._drawn += 1
        digest = hashlib.sha256(f"{self._seed}:{self._drawn}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """The things in another order."""
        draws = [self.draw() for _ in things]
        return [things[number] for number in sorted(range(len(things)), key=draws.__getitem__)]
