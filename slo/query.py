"""What a spec may ask Prometheus: a counter, a level, or an expression with a place for the window.

Each kind turns into an expression over a window, aggregated to the labels that the SLO keeps.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import promql_parser

from slo import reading
from slo.selector import NUMBERED, Selector
from slo.window import Window, range_text

SAMPLING_SECONDS = 30
"""How far apart the moments are at which a level is looked at."""

_PLACEHOLDER = re.compile(r"\{\{\s*\.window\s*\}\}")
_COUNTED = re.compile(rf"sum\s*\(\s*rate\s*\(\s*({NUMBERED})\s*\[\s*\{{\{{\s*\.window\s*\}}\}}\s*\]\s*\)\s*\)")


@dataclass(frozen=True)
class Counter:
    """A counter of events: counted before it is summed, so that restarts and new labels lose nothing."""

    selector: Selector

    def over(self, window: Window, scale: int, groups: tuple[str, ...]) -> str:
        return summed(self.inner(window, scale), groups)

    def inner(self, window: Window, scale: int) -> str:
        return f"rate({self.selector}[{window.scaled(scale)}])"


@dataclass(frozen=True)
class Level:
    """An expression whose value at each moment counts, such as a gauge."""

    expression: str

    def over(self, window: Window, scale: int, groups: tuple[str, ...]) -> str:
        return summed(self.inner(window, scale), groups)

    def inner(self, window: Window, scale: int) -> str:
        """Its mean, over the moments at which it is a number."""
        return f"avg_over_time((({self.expression}) > -Inf){sampled(window, scale)})"


@dataclass(frozen=True)
class Template:
    """An expression with `{{.window}}` where the window belongs."""

    expression: str

    def over(self, window: Window, scale: int, groups: tuple[str, ...]) -> str:
        """Without what is not a number: one such moment would spoil every window that it lies in."""
        return f"({summed(self.inner(window, scale), groups)} >= 0)"

    def inner(self, window: Window, scale: int) -> str:
        return _PLACEHOLDER.sub(window.scaled(scale), self.expression)

    @property
    def probed(self) -> str:
        """The expression over some window, to be read."""
        return _PLACEHOLDER.sub(reading.PROBE, self.expression)


Query = Counter | Level | Template

# A text is read when its document is checked, and again when its SLO is made.
_read_once = lru_cache(maxsize=8_192)


@_read_once
def counter(text: str) -> Query:
    """A query about a counter; a ValueError says what else was expected."""
    text = text.strip()
    if _PLACEHOLDER.search(text):
        return template(text)
    if not Selector.matches_text(text):
        _parse(text, text, whole=False)
        raise ValueError(
            'expected a counter selector such as requests_total{job="api"}, without function or range, or an '
            f"expression with {{{{.window}}}} where its range belongs, got {text!r}"
        )
    return Counter(Selector.parse(text))


@_read_once
def template(text: str) -> Query:
    """An expression with the placeholder; the counter in it where it is no more than the sum of its rate."""
    text = text.strip()
    if not _PLACEHOLDER.search(text):
        raise ValueError(f"expected an expression with {{{{.window}}}} where its range belongs, got {text!r}")
    found = _COUNTED.fullmatch(text)
    if found:
        return Counter(Selector.parse(found[1]))
    probed = _PLACEHOLDER.sub(reading.PROBE, text)
    _parse(probed, text)
    known = reading.counter(probed)
    return Counter(known) if known else Template(text)


@_read_once
def level(text: str) -> Query:
    """An expression of which each moment counts, or one with the placeholder."""
    text = text.strip()
    if _PLACEHOLDER.search(text):
        return template(text)
    _parse(text, text)
    return Level(text)


def summed(expression: str, groups: tuple[str, ...]) -> str:
    """The sum that keeps only these labels."""
    return f"sum by ({', '.join(groups)}) ({expression})" if groups else f"sum({expression})"


def sampled(window: Window, scale: int) -> str:
    """The range of a subquery over a window."""
    return f"[{window.scaled(scale)}:{range_text(-(-SAMPLING_SECONDS * 1_000 // scale))}]"


def _parse(expression: str, shown: str, *, whole: bool = True) -> None:
    if "{{" in expression:
        raise ValueError(f"expected no template but {{{{.window}}}}, got {shown!r}")
    try:
        parsed = promql_parser.parse(expression)
    except ValueError as error:
        raise ValueError(f"expected PromQL: {' '.join(str(error).split())}, got {shown!r}") from error
    if whole and isinstance(
        parsed, promql_parser.NumberLiteral | promql_parser.StringLiteral | promql_parser.MatrixSelector
    ):
        raise ValueError(f"expected an instant vector, got {shown!r}")
