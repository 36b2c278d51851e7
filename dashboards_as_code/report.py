"""The findings of `dashboards check`, printed."""

import sys
from collections.abc import Sequence

from dashboards_as_code import vocabulary
from dashboards_as_code.live import Filling, Question, fillings
from dashboards_as_code.model import Board
from dashboards_as_code.sources import Sources
from service.telemetry.registry import prometheus_names


def names(boards: Sequence[Board], known: Sources) -> int:
    """Print what the boards name and does not exist, or exists and is not named; 1 where there is any."""
    findings = _unknown(boards, known) or _unnamed(boards, known)
    for finding in findings:
        print(f"dashboards: {finding}", file=sys.stderr)
    panels = [panel for board in boards for panel in board.panels()]
    print(f"panels={len(panels)} queries={sum(len(p.queries) for p in panels)} findings={len(findings)}")
    return 1 if findings else 0


def live(boards: Sequence[Board], question: Question) -> int:
    """Print what each panel shows at a Prometheus; 1 where a query of a panel returns nothing."""
    found = list(fillings(boards, question))
    print("\n".join(_table(found)))
    empty = [filling for filling in found if filling.empty]
    for filling in empty:
        for expr in filling.empty:
            print(f"dashboards: {filling.panel}: no data: {expr}", file=sys.stderr)
    print(f"panels={len(found)} empty={len(empty)}")
    return 1 if empty else 0


def _unknown(boards: Sequence[Board], known: Sources) -> list[str]:
    words = known.vocabulary()
    return [
        f"{board.uid}: panel {panel.title!r}: {problem}"
        for board in boards
        for panel in board.panels()
        for query in panel.queries
        for problem in vocabulary.problems(query.expr, words)
    ]


def _unnamed(boards: Sequence[Board], known: Sources) -> list[str]:
    exprs = [query.expr for board in boards for panel in board.panels() for query in panel.queries]
    metrics = {metric.name: prometheus_names(metric) for metric in known.registry.metrics}
    return [f"{name}: in the metric registry and on no panel" for name in vocabulary.unused(exprs, metrics)]


def _table(found: Sequence[Filling]) -> list[str]:
    width = max(len(filling.panel) for filling in found)
    rows = [f"{'panel':<{width}}  {'series':>6}  {'samples':>7}"]
    return rows + [f"{f.panel:<{width}}  {f.series:>6}  {f.samples:>7}" for f in found]
