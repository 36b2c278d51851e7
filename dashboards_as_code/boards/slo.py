"""One board for each SLO: what its alert links to."""

from dashboards_as_code.boards import slo_panels
from dashboards_as_code.boards.variables import targets
from dashboards_as_code.model import Board
from dashboards_as_code.sources import GuardedSlo, Sources
from slo import names


def boards(sources: Sources) -> tuple[Board, ...]:
    """In the order of the specs."""
    return tuple(_board(entry, sources) for entry in sources.guarded)


def _board(entry: GuardedSlo, sources: Sources) -> Board:
    slo = entry.slo
    return Board(
        uid=slo_panels.board_uid(slo),
        title=f"SLO: {slo.title}",
        description=f"Where the objective {slo.name} stands. Runbook: {slo.runbook or names.runbook(slo.name)}.",
        tags=("billing", "slo"),
        variables=targets(sources.registry),
        rows=tuple(slo_panels.rows(entry)),
        links=(slo_panels.runbook(slo),),
    )
