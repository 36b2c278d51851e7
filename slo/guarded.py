"""SLOs together with the policies that guard them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slo.errors import SloError
from slo.model import Policy, Slo
from slo.policy import policy_of
from slo.spec import read_specs


@dataclass(frozen=True)
class Guarded:
    """An SLO and its policy, which fits it."""

    slo: Slo
    policy: Policy


def load_guarded(paths: Iterable[Path]) -> list[Guarded]:
    """The SLOs of these files with their policies; a SloError lists every problem of all of them."""
    slos, problems = read_specs(paths)
    guarded = []
    for slo in slos:
        try:
            guarded.append(Guarded(slo, policy_of(slo)))
        except SloError as error:
            problems += [f"{slo.place}: {problem}" if slo.place else problem for problem in error.problems]
    if problems:
        raise SloError(problems)
    return guarded
