"""The survival board: whether content credentials are still found, and how much failure is left to afford."""

from dashboards_as_code.boards import billing_panels, slo_panels, survival_panels, telemetry_panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board
from dashboards_as_code.sources import Sources

OBJECTIVES = ("survival-remote", "survival-embedded")


def board(sources: Sources) -> Board:
    """The credentials first, then each objective, then whether the telemetry can be believed."""
    registry = sources.registry
    return Board(
        uid="survival",
        title="Survival",
        description="Whether verifications still find their content credential, and how fast the budget for it burns.",
        tags=("billing", "survival"),
        variables=targets(registry),
        rows=(
            billing_panels.content_credentials(registry),
            survival_panels.attribution(registry),
            *(row for entry in sources.named(OBJECTIVES) for row in slo_panels.rows(entry)),
            *telemetry_panels.rows(registry),
        ),
    )
