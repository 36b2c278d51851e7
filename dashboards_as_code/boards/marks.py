"""The moments that every board shows over its panels, beside the pages: deploys and experiments."""

from dashboards_as_code import queries
from dashboards_as_code.model import Mark
from dashboards_as_code.sources import Sources


def events(sources: Sources) -> tuple[Mark, ...]:
    """Versions of the service as they appear, and the phases of a GameDay."""
    phase = sources.gameday.metric(queries.GAMEDAY_PHASE)
    label = queries.label(phase, queries.PHASE)
    return (
        Mark("Deploys", queries.deploys(), f"version {{{{{queries.VERSION}}}}}", "blue"),
        Mark("Experiments", queries.experiment_phases(phase), f"{{{{{label}}}}}", "purple"),
    )
