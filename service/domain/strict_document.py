"""Strict reading of a YAML document: every problem is collected with its path, and a fallback is read in its place.

Whoever reads asks for `problems` at the end, and uses what was read only if there are none.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import yaml

from service.domain.money import format_usd, parse_usd

T = TypeVar("T")
_MISSING = object()


def read_document(text: str, build: Callable[["Section"], T]) -> tuple[T | None, tuple[str, ...]]:
    """What `build` made of the document, and all that is wrong; None where it is no YAML at all."""
    loader = _Loader(text)
    try:
        document = loader.get_single_data()
    except (yaml.YAMLError, ValueError) as error:
        return None, (f"expected one YAML document: {' '.join(str(error).split())}",)
    finally:
        loader.dispose()
    problems = loader.repeated
    root = Section(document, "", problems)
    built = build(root)
    root.finish()
    return built, tuple(problems)


class _Loader(yaml.SafeLoader):
    """SafeLoader that notes repeated keys, of which YAML would silently keep the last."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                self.repeated.append(f"line {key.start_mark.line + 1}: {key.value}: expected once, got it again")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class Section:
    """A mapping of the document. Reading a field that is missing or wrong notes the problem."""

    def __init__(self, value: object, path: str, problems: list[str]) -> None:
        self._fields = value if isinstance(value, dict) else None
        self._path = path
        self._problems = problems
        self._asked: list[str] = []
        if self._fields is None and value is not _MISSING:
            problems.append(f"{path or 'document'}: expected a mapping, got {_shown(value)}")

    def text(self, name: str) -> str:
        """Text that is not blank."""
        return self._matching(name, r"(?s).*\S.*", "text")

    def identifier(self, name: str) -> str:
        """A name for machines: lower-case letters, digits and `_`, at most 100 characters."""
        return self._matching(name, r"[a-z][a-z0-9_]{0,99}", "1 to 100 of a-z, 0-9 and _")

    def choice(self, name: str, options: Iterable[str]) -> str:
        allowed = list(options)
        return self._matching(name, "|".join(re.escape(option) for option in allowed), " or ".join(allowed))

    def choices(self, name: str, options: Iterable[str]) -> tuple[str, ...]:
        """A list of options, one at least and none twice."""
        value, allowed = self._take(name), list(options)
        listed = isinstance(value, list) and value and all(item in allowed for item in value)
        if listed and len(set(value)) == len(value):
            return tuple(value)
        self._expect(name, f"a list of {' or '.join(allowed)}, each at most once", value)
        return ()

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(name)
        if _is_whole(value) and low <= value <= high:
            return int(value)
        self._expect(name, f"a whole number from {low} to {high}", value)
        return low

    def whole_or_infinite(self, name: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`, or the word `inf`, which is read as None."""
        value = self._take(name)
        if value == "inf":
            return None
        if _is_whole(value) and low <= value <= high:
            return int(value)
        self._expect(name, f"a whole number from {low} to {high}, or inf", value)
        return low

    def wholes(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers, one at least."""
        value = self._take(name)
        if isinstance(value, list) and value and all(_is_whole(item) for item in value):
            return tuple(value)
        self._expect(name, "a list of whole numbers that is not empty", value)
        return ()

    def usd(self, name: str, low: int = 0) -> int:
        """A price in quotes, in micro-cents, no less than `low`."""
        value = self._take(name)
        if not isinstance(value, str):
            self._expect(name, 'US dollars in quotes such as "0.008"', value)
            return low
        try:
            microcents = parse_usd(value)
        except ValueError as error:
            self.reject(name, str(error))
            return low
        if microcents < low:
            self._expect(name, f"at least {format_usd(low)}", value)
        return microcents

    def within(self, name: str, build: Callable[["Section"], T]) -> T:
        """What `build` makes of the mapping in that field; fields it does not ask for are problems."""
        value = self._take(name)
        if value is _MISSING:
            self._expect(name, "a mapping", value)
        return self._built(value, self._at(name), build)

    def each(self, name: str, build: Callable[["Section"], T]) -> tuple[T, ...]:
        """What `build` makes of each mapping in a list that is not empty."""
        value = self._take(name)
        if not isinstance(value, list) or not value:
            self._expect(name, "a list that is not empty", value)
            return ()
        return tuple(self._built(item, f"{self._at(name)}[{index}]", build) for index, item in enumerate(value))

    def has(self, name: str) -> bool:
        """Whether an optional field is there."""
        self._asked.append(str(name))
        return self._fields is not None and name in self._fields

    def reject(self, name: str, problem: str) -> None:
        """Note a problem of one field."""
        self._problems.append(f"{self._at(name)}: {problem}")

    def finish(self) -> None:
        """Note every field that nobody asked for."""
        for name in self._fields or ():
            if name not in self._asked:
                self.reject(str(name), f"unknown field; expected one of {', '.join(dict.fromkeys(self._asked))}")

    def _built(self, value: object, path: str, build: Callable[["Section"], T]) -> T:
        section = Section(value, path, self._problems)
        built = build(section)
        section.finish()
        return built

    def _matching(self, name: str, pattern: str, expected: str) -> str:
        value = self._take(name)
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        self._expect(name, expected, value)
        return ""

    def _take(self, name: str) -> Any:
        self._asked.append(str(name))
        return _MISSING if self._fields is None else self._fields.get(name, _MISSING)

    def _expect(self, name: str, expected: str, value: object) -> None:
        if self._fields is None:
            return
        found = "missing" if value is _MISSING else f"got {_shown(value)}"
        self.reject(name, f"expected {expected}, {found}")

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else str(name)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
