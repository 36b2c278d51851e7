"""Each board as a page, once while all was well and once during the fault that moved it most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chaos.lab.mutation.episode import Episode
from chaos.lab.mutation.fault import Fault
from chaos.lab.under_load import RATE_INTERVAL
from dashboards_as_code.preview import page
from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.sheet import Mark
from dashboards_as_code.preview.span import Span

HEALTHY, DURING = "healthy", "fault"
_CALM_SECONDS, _BEFORE_SECONDS, _AFTER_SECONDS = 34.0, 30.0, 8.0
_COLOUR = "#b877d9"

Documents = Mapping[str, Mapping[str, Any]]


def write(
    documents: Documents, faults: Sequence[Fault], episodes: Sequence[Episode], prometheus: str, folder: Path
) -> int:
    """Write the pages as `<uid>-healthy.html` and `<uid>-fault.html`; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = list(_pages(documents, faults, episodes, prometheus))
    for name, text in pages:
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return len(pages)


def _pages(
    documents: Documents, faults: Sequence[Fault], episodes: Sequence[Episode], prometheus: str
) -> Iterator[tuple[str, str]]:
    calm_end = episodes[0].began - 1
    calm = Answers(prometheus, Span(calm_end - _CALM_SECONDS, calm_end, RATE_INTERVAL))
    spans = {one.fault: Answers(prometheus, _span(one)) for one in episodes}
    for document in documents.values():
        place = most_concerned(document, faults)
        yield f"{document['uid']}-{HEALTHY}", _page(document, calm, "All is well.", ())
        fault, episode = faults[place], episodes[place]
        marks = [Mark(at, f"{word}: {fault.title}", _COLOUR) for word, at in _ends(episode)]
        yield f"{document['uid']}-{DURING}", _page(document, spans[fault.name], f"Fault: {fault.title}.", marks)


def most_concerned(document: Mapping[str, Any], faults: Sequence[Fault]) -> int:
    """The place of the fault that is to move most of the board's panels; the last one's where none is to."""
    panels = [f"{document['uid']}: {panel['title']}" for panel in document["panels"] if panel["type"] != "row"]
    moved = [sum(fault.expectation.must_move(panel) for panel in panels) for fault in faults]
    return moved.index(max(moved)) if any(moved) else len(faults) - 1


def _page(document: Mapping[str, Any], answers: Answers, note: str, marks: Sequence[Mark]) -> str:
    return page.html([page.draw(document, answers, note, marks)], answers.span)


def _span(episode: Episode) -> Span:
    return Span(episode.began - _BEFORE_SECONDS, episode.ended + _AFTER_SECONDS, RATE_INTERVAL)


def _ends(episode: Episode) -> Iterator[tuple[str, float]]:
    yield "begins", episode.began
    yield "ends", episode.ended
