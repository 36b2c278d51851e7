"""What may be wrong with the environment."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad variable: its name and the rule it breaks, never its value."""

    name: str
    rule: str


class ConfigError(Exception):
    """All bad variables at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.name} {problem.rule}" for problem in problems))
        self.problems = problems
