"""What a run is asked to do, checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import UserMistake
from chaos.experiment import Experiment, load_experiment
from chaos.lab import configuration
from chaos.lab.parts import PORT_NAMES
from chaos.lab.scaling import Intervals
from chaos.prediction import pair_of
from slo import rules
from slo.errors import SloError
from slo.guarded import Guarded, load_guarded
from slo.model import Pair, Policy, Slo
from slo.policy import policy_of
from slo.spec import SPECS, load_specs

DEFAULT_SCALE = 3


@dataclass(frozen=True)
class Order:
    """An experiment on an SLO at a scale; `rules` is a file to use in place of the generated rules."""

    experiment: Experiment
    slo: Slo
    policy: Policy
    others: tuple[Guarded, ...]
    pair: Pair
    scale: int
    seed: int
    pinned_ports: Mapping[str, int]
    rules: Path | None

    @property
    def pace(self) -> Intervals:
        return configuration.intervals(self.scale)


def order_of(experiment: str, scale: int, seed: int, pinned_ports: Mapping[str, int], rules_file: Path | None) -> Order:
    """UserMistake names the experiment, scale, port or file that cannot be used, and what can."""
    loaded = load_experiment(experiment)
    slo, policy = slo_of(loaded.contract.slo, scale)
    unknown = sorted(set(pinned_ports) - set(PORT_NAMES))
    if unknown:
        raise UserMistake(f"unknown port {unknown[0]!r}; expected one of: {', '.join(PORT_NAMES)}")
    if rules_file and not rules_file.is_file():
        raise UserMistake(f"rules file {rules_file} is not there; expected Prometheus rules")
    pair = pair_of(policy, loaded.contract.severity, loaded.contract.long_window)
    return Order(loaded, slo, policy, others_than(slo, scale), pair, scale, seed, pinned_ports, rules_file)


def others_than(slo: Slo, scale: int) -> tuple[Guarded, ...]:
    """The project's other SLOs, if their rules can be had at this scale."""
    try:
        others = tuple(entry for entry in load_guarded(sorted(SPECS.glob("*.yaml"))) if entry.slo.name != slo.name)
        for entry in others:
            rules.rule_file(entry.slo, entry.policy, scale)
    except SloError as error:
        raise UserMistake("; ".join(error.problems)) from error
    return others


def slo_of(name: str, scale: int) -> tuple[Slo, Policy]:
    """The project's SLO of that name and its policy, if both can be had at this scale."""
    try:
        known = {one.name: one for one in load_specs(sorted(SPECS.glob("*.yaml")))}
        if name not in known:
            raise UserMistake(f"unknown SLO {name!r}; expected one of: {', '.join(sorted(known))}")
        policy = policy_of(known[name])
        rules.rule_file(known[name], policy, scale)
    except SloError as error:
        raise UserMistake("; ".join(error.problems)) from error
    return known[name], policy
