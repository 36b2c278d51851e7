"""The variables of every board: the data source, and the jobs and instances that the reader chose."""

from typing import Any

from grafanalib import core

from dashboards_as_code import compat
from dashboards_as_code.model import Variable

JOB = "job"
INSTANCE = "instance"
ALL = ".+"

RATE_INTERVAL = "$__rate_interval"
CHOSEN = {label: f'{label}=~"${label}"' for label in (JOB, INSTANCE)}


def substituted(expr: str, rate_interval: str) -> str:
    """The expression as Grafana would send it with everything chosen; `rate_interval` such as "1m"."""
    replaced = expr.replace(RATE_INTERVAL, rate_interval)
    for label, matcher in CHOSEN.items():
        replaced = replaced.replace(matcher, f'{label}=~"{ALL}"')
    return replaced


def templating(variables: tuple[Variable, ...]) -> Any:
    """The drop-downs of a board, the data source first since the others ask it."""
    return core.Templating(list=[_datasource(), *map(_label_values, variables)])


def _datasource() -> Any:
    return core.Template(
        name=compat.DATASOURCE_VARIABLE, label="Prometheus data source", type="datasource", query="prometheus"
    )


def _label_values(variable: Variable) -> Any:
    return core.Template(
        name=variable.name,
        label=variable.name.capitalize(),
        query=variable.query,
        dataSource=compat.datasource(),
        multi=True,
        includeAll=True,
        allValue=ALL,
        refresh=core.REFRESH_ON_TIME_RANGE_CHANGE,
    )
