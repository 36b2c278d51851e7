"""What the boards are made of: the metric registry, and the SLOs with their alert policies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

import yaml

from dashboards_as_code import queries, variables
from dashboards_as_code.errors import DashboardError
from service.telemetry.registry import Registry, load_registry, parse_registry, prometheus_labels, prometheus_names
from slo import names
from slo.model import Policy, Slo
from slo.policy import policy_of
from slo.spec import SPECS, load_specs

_TARGET = frozenset({variables.JOB, variables.INSTANCE})
_IDENTITY = frozenset({names.SLO, names.SERVICE})


@dataclass(frozen=True)
class GuardedSlo:
    """An SLO and the policy that alerts on it."""

    slo: Slo
    policy: Policy


@dataclass(frozen=True)
class Sources:
    """Everything that a board may name."""

    registry: Registry
    guarded: tuple[GuardedSlo, ...]
    margin_floor: Decimal
    gameday: Registry

    def named(self, slos: Iterable[str]) -> Iterator[GuardedSlo]:
        """These SLOs, in this order; a DashboardError where one has no document."""
        known = {entry.slo.name: entry for entry in self.guarded}
        for name in slos:
            if name not in known:
                raise DashboardError(f"{name}: no such SLO; expected one of {', '.join(known)}")
            yield known[name]

    def vocabulary(self) -> Mapping[str, frozenset[str]]:
        """Each series that is emitted or recorded, with the labels that it can have."""
        return {**_emitted(self.registry), **_emitted(self.gameday), **_RECORDED}


def load() -> Sources:
    """Read the registry and the specs of this project; a RegistryError or an SloError says what is wrong there."""
    slos = load_specs(sorted(SPECS.glob("*.yaml")))
    return Sources(load_registry(), tuple(GuardedSlo(slo, policy_of(slo)) for slo in slos), _margin_floor(), _gameday())


def _gameday() -> Registry:
    """What a GameDay tells of itself; read as a file, since no board needs to run one."""
    return parse_registry(files("chaos").joinpath("telemetry.yaml").read_text("utf-8"))


def _margin_floor() -> Decimal:
    """The share of the revenue that the catalogue wants left over; the catalogue's own code judges the file."""
    catalogue = yaml.safe_load(files("service").joinpath("catalog.yaml").read_text("utf-8"))
    return Decimal(catalogue["cost_model"]["margin_floor_percent"]) / 100


def _emitted(registry: Registry) -> dict[str, frozenset[str]]:
    return {
        series: _TARGET.union(prometheus_labels(metric), _bucket_label(series))
        for metric in registry.metrics
        for series in prometheus_names(metric)
    }


def _bucket_label(series: str) -> set[str]:
    return {queries.BUCKET_BOUND} if series.endswith("_bucket") else set()


_RECORDED = {
    queries.TARGET: _TARGET | {queries.VERSION},
    names.ERRORS: _IDENTITY,
    names.REQUESTS: _IDENTITY,
    names.PERIOD_ERRORS: _IDENTITY,
    names.PERIOD_REQUESTS: _IDENTITY,
    names.ERROR_RATIO: _IDENTITY | {names.WINDOW},
    names.OBJECTIVE: _IDENTITY,
    names.PERIOD: _IDENTITY,
    names.BUDGET_REMAINING: _IDENTITY,
    queries.ALERTS: _IDENTITY
    | {queries.ALERT_NAME, queries.ALERT_STATE, names.SEVERITY, names.POLICY}
    | {names.LONG_WINDOW, names.SHORT_WINDOW, names.BURN_RATE},
}
