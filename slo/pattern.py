"""A text that a regular expression matches, for series that are made up."""

import importlib
import re
from typing import Any

# The parser of regular expressions has no public name, and it is the only one that reads them as `re` does.
kinds: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

_SAMPLE = "0aA_/.- "
_CATEGORIES = {kinds.CATEGORY_DIGIT: "0", kinds.CATEGORY_WORD: "a", kinds.CATEGORY_SPACE: " "}


def example(pattern: str) -> str | None:
    """A short text that the whole pattern matches; None where none is found."""
    try:
        found = _text(parser.parse(pattern))
    except (KeyError, ValueError, re.error):
        return None
    return found if re.fullmatch(pattern, found) else None


def _text(parsed: Any) -> str:
    return "".join(_piece(kind, value) for kind, value in parsed)


def _piece(kind: Any, value: Any) -> str:
    """The text of one element of a pattern; a KeyError for an element that is not known."""
    makers: dict[Any, Any] = {
        kinds.LITERAL: lambda: chr(value),
        kinds.ANY: lambda: "0",
        kinds.AT: lambda: "",
        kinds.NOT_LITERAL: lambda: _other_than({chr(value)}),
        kinds.IN: lambda: _member(value),
        kinds.BRANCH: lambda: _text(value[1][0]),
        kinds.SUBPATTERN: lambda: _text(value[-1]),
        kinds.MAX_REPEAT: lambda: _text(value[2]) * value[0],
        kinds.MIN_REPEAT: lambda: _text(value[2]) * value[0],
    }
    return str(makers[kind]())


def _other_than(excluded: set[str]) -> str:
    found = next((one for one in _SAMPLE if one not in excluded), None)
    if found is None:
        raise KeyError(excluded)
    return found


def _member(members: Any) -> str:
    kind, value = members[0]
    if kind is kinds.NEGATE:
        excluded = {chr(one) for sort, one in members[1:] if sort is kinds.LITERAL}
        return _other_than(excluded)
    if kind is kinds.RANGE:
        return chr(value[0])
    return _CATEGORIES[value] if kind is kinds.CATEGORY else chr(value)
