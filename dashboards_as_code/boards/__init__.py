"""The boards, one module each; the SLOs' are generated from their documents."""

from dataclasses import replace

from dashboards_as_code.boards import cost, failures, gameday, latency, marks, slo, survival
from dashboards_as_code.model import Board
from dashboards_as_code.sources import Sources

_BOARDS = (survival.board, latency.board, failures.board, cost.board, gameday.board)


def build(sources: Sources) -> tuple[Board, ...]:
    """All boards, as data."""
    built = (*(board(sources) for board in _BOARDS), *slo.boards(sources))
    return tuple(replace(board, marks=marks.events(sources)) for board in built)
