"""What may be wrong with the environment."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad variable: its name and the rules it breaks, with what was measured, never its value."""

    name: str
    rule: str

    def __str__(self) -> str:
        return f"{self.name} {self.rule}"


class ConfigError(Exception):
    """All bad variables at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)
