"""The drop-downs that every board has."""

from dashboards_as_code import queries
from dashboards_as_code.model import Variable
from dashboards_as_code.variables import INSTANCE, JOB
from service.telemetry.registry import Registry


def targets(registry: Registry) -> tuple[Variable, ...]:
    """The jobs and instances that answer requests."""
    metric = registry.metric(queries.HTTP_SERVER)
    return tuple(Variable(name, queries.label_values(metric, name)) for name in (JOB, INSTANCE))
