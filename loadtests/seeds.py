"""Independent random streams out of one seed, so that a run can be repeated draw by draw."""

import random


def stream(purpose: str, seed: int) -> random.Random:
    """The stream for one purpose; streams of different purposes do not disturb one another."""
    return random.Random(f"{purpose}:{seed}")
