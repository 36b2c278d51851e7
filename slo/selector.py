"""A Prometheus series selector: a metric name and its label matchers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slo import pattern

_MATCHER = r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"'
_SELECTOR = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{\s*({_MATCHER}(?:\s*,\s*{_MATCHER})*)?\s*,?\s*\}})?")
NUMBERED = r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})?'
"""A pattern for what may be a selector inside of other text."""


@dataclass(frozen=True)
class Matcher:
    """One label matcher; `operator` is one of = != =~ !~."""

    label: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        if "~" in self.operator:
            try:
                re.compile(self.value)
            except re.error as error:
                raise ValueError(f"expected a regular expression in {self}: {error}") from error

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'

    def matches(self, value: str) -> bool:
        found = bool(re.fullmatch(self.value, value)) if "~" in self.operator else self.value == value
        return found != self.operator.startswith("!")

    def example(self) -> str:
        """A label value that matches; empty, which means no such label, where the matcher only excludes."""
        patterned = pattern.example(self.value) if self.operator == "=~" else self.value
        for candidate in ("", patterned, "other"):
            if candidate is not None and self.matches(candidate):
                return candidate
        raise ValueError(f"no example found for {self}; expected a simpler pattern")

    def counterexample(self) -> str:
        """A label value that does not match; "other" where none is found."""
        if not self.operator.startswith("!"):
            return "" if self.value and self.matches("other") else "other"
        return (pattern.example(self.value) if self.operator == "!~" else self.value) or "other"


@dataclass(frozen=True)
class Selector:
    """The text of a selector, taken apart."""

    metric: str
    matchers: tuple[Matcher, ...]

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read `metric{label="value", ...}`; a ValueError for all else, such as a function or a range."""
        found = _SELECTOR.fullmatch(text.strip())
        if not found:
            raise ValueError(
                'expected one counter selector such as requests_total{job="api"}, without function or range, '
                f"got {text!r}"
            )
        return cls(found[1], tuple(Matcher(*parts) for parts in re.findall(_MATCHER, found[2] or "")))

    @staticmethod
    def matches_text(text: str) -> bool:
        """Whether the text is a selector at all."""
        return _SELECTOR.fullmatch(text.strip()) is not None

    def having(self, *more: Matcher, suffix: str = "") -> "Selector":
        """This selector with further matchers, and a suffix to its metric."""
        return Selector(f"{self.metric}{suffix}", (*self.matchers, *more))

    def __str__(self) -> str:
        matchers = ",".join(str(matcher) for matcher in self.matchers)
        return f"{self.metric}{{{matchers}}}" if matchers else self.metric

    def matches(self, metric: str, labels: Mapping[str, str]) -> bool:
        return metric == self.metric and all(m.matches(labels.get(m.label, "")) for m in self.matchers)

    def example(self) -> dict[str, str]:
        """Labels of a series that this selector finds; a ValueError where a pattern is too rich for that."""
        labels = {matcher.label: matcher.example() for matcher in self.matchers}
        if not self.matches(self.metric, labels):
            raise ValueError(f"no example found for {self}; expected at most one positive matcher a label")
        return {label: value for label, value in labels.items() if value}

    def example_outside(self, other: "Selector") -> dict[str, str]:
        """Labels of a series that this selector finds and the other does not; a ValueError where none is found."""
        own = self.example()
        candidates = [own, *({**own, matcher.label: matcher.counterexample()} for matcher in other.matchers)]
        for labels in candidates:
            if self.matches(self.metric, labels) and not other.matches(self.metric, labels):
                return {label: value for label, value in labels.items() if value}
        raise ValueError(f"no example found for {self} that is not {other}")
