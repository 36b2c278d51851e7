"""One thing that is not as the specs say."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Where it was found (rules, dashboards, routes), the name of the thing, and what is wrong with it."""

    where: str
    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.name}: {self.problem}"


def between(expected: object, found: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The (path, problem) of each value that differs in two trees of mappings and lists."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}, key=str):
            place = f"{path}.{key}" if path else str(key)
            if key not in found:
                yield place, f"missing; expected {_shown(expected[key])}"
            elif key not in expected:
                yield place, f"not expected, got {_shown(found[key])}"
            else:
                yield from between(expected[key], found[key], place)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from between(*pair, f"{path}[{index}]")
    elif expected != found:
        yield path, f"expected {_shown(expected)}, got {_shown(found)}"


def _shown(value: object, longest: int = 160) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= longest else f"{text[:longest]}..."
