"""What can be wrong with a spec, a policy or a scale."""

from collections.abc import Iterable


class SloError(Exception):
    """One or more problems of the input, each a line that starts with its place."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class DocumentError(SloError):
    """A spec or policy file is malformed."""


class PolicyError(SloError):
    """A policy is unknown, or does not fit the SLO that refers to it."""


class ScaleError(SloError):
    """A scale leaves a window without a length in whole milliseconds."""


class LiveError(SloError):
    """A running Prometheus, Alertmanager or Grafana did not answer as expected."""
