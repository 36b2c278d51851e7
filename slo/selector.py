"""A Prometheus series selector: a metric name and its label matchers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MATCHER = r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\.)*)"'
_SELECTOR = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{\s*({_MATCHER}(?:\s*,\s*{_MATCHER})*)?\s*,?\s*\}})?")


@dataclass(frozen=True)
class Matcher:
    """One label matcher; `operator` is one of = != =~ !~."""

    label: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.value if "~" in self.operator else "")
        except re.error as error:
            raise ValueError(f"expected a regular expression in {self}: {error}") from error

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'

    def matches(self, value: str) -> bool:
        found = bool(re.fullmatch(self.value, value)) if "~" in self.operator else self.value == value
        return found != self.operator.startswith("!")

    def example(self) -> str:
        """A label value that matches; empty, which means no such label, where the matcher only excludes."""
        candidates = ("", *(_simplest(branch) for branch in self.value.split("|")), self.value, "other")
        for candidate in candidates:
            if self.matches(candidate):
                return candidate
        raise ValueError(f"no example found for {self}; expected a pattern of plain alternatives and dots")


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


def _simplest(pattern: str) -> str:
    return re.sub(r"\.[+*]?", "0", pattern)
