"""The boards, one module each."""

from dashboards_as_code.boards import gameday
from dashboards_as_code.model import Board
from dashboards_as_code.sources import Sources


def build(sources: Sources) -> tuple[Board, ...]:
    """All boards, as data."""
    return (gameday.board(sources),)
