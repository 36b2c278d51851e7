"""`dashboards preview`: draw the boards from a Prometheus into one page."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dashboards_as_code import output
from dashboards_as_code.errors import UsageError
from dashboards_as_code.preview import page
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.page import DrawnBoard
from dashboards_as_code.preview.span import Span

OUT = Path("var/preview.html")


@dataclass(frozen=True)
class Request:
    """Which boards, by uid (all where none is named), from where, over which time, into which file.

    `end` is in unix seconds; None is now.
    """

    url: str
    lookback: timedelta
    rate_interval: str
    end: float | None = None
    boards: tuple[str, ...] = ()
    out: Path = OUT


def preview(documents: output.Documents, request: Request) -> int:
    """Write the page and say what is empty; 1 where a panel is."""
    end = time.time() if request.end is None else request.end
    answers = Answers(request.url, Span(end - request.lookback.total_seconds(), end, request.rate_interval))
    chosen = _chosen(documents, request.boards)
    answers.reach()
    boards = [page.draw(documents[f"{uid}.json"], answers) for uid in chosen]
    _write(request.out, page.html(boards, answers.span))
    return _tell(boards, request.out)


def _chosen(documents: output.Documents, uids: Sequence[str]) -> Sequence[str]:
    known = [name.removesuffix(".json") for name in documents]
    for uid in uids:
        if uid not in known:
            raise UsageError(f"{uid}: no such board; expected one of {', '.join(known)}")
    return uids or known


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; expected a file to write to") from error


def _tell(boards: Sequence[DrawnBoard], path: Path) -> int:
    empty = [(board, panel) for board in boards for panel in board.panels if panel.empty]
    for board, panel in empty:
        print(f"dashboards: {board.uid}: {panel.title}: no data", file=sys.stderr)
    print(f"wrote {path}")
    print(f"boards={len(boards)} panels={sum(len(board.panels) for board in boards)} empty={len(empty)}")
    return 1 if empty else 0
