"""SLOs together with the policies that guard them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slo.errors import PolicyError, SloError
from slo.model import Policy, Slo
from slo.policy import load_policy, require_fit
from slo.spec import load_specs


@dataclass(frozen=True)
class Guarded:
    """An SLO and its policy, which fits it."""

    slo: Slo
    policy: Policy


def load_guarded(paths: Iterable[Path]) -> list[Guarded]:
    """The SLOs of these files with their policies; a SloError lists every problem of all of them."""
    problems: list[str] = []
    guarded = []
    for slo in load_specs(paths):
        try:
            guarded.append(_guard(slo))
        except SloError as error:
            problems += error.problems
    if problems:
        raise SloError(problems)
    return guarded


def _guard(slo: Slo) -> Guarded:
    try:
        policy = load_policy(slo.policy)
    except PolicyError as error:
        raise PolicyError(f"slo {slo.name}: spec.alertPolicies[0].alertPolicyRef: {error}") from error
    require_fit(slo, policy)
    return Guarded(slo, policy)
