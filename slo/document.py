"""The shape that a document is checked against.

A shape is a function that yields one Problem for each thing wrong with a value. Shapes compose, so that a file's
problems are all reported at once.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, and the path to it, such as `spec.objectives[0].target`."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path or 'document'}: {self.text}"


Shape = Callable[[object, str], Iterator[Problem]]


def mapping(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with just these fields."""
    known = {**required, **(optional or {})}

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, f"expected a mapping, got {shown(value)}")
            return
        for field in value:
            if field not in known:
                expected = f"expected one of {', '.join(sorted(known))}" if known else "expected no field"
                yield Problem(join(path, field), f"unknown field; {expected}")
        for field, shape in known.items():
            if field in value:
                yield from shape(value[field], join(path, field))
            elif field in required:
                yield Problem(join(path, field), "missing")

    return check


def sequence(item: Shape, most: int | None = None, *, empty: bool = False) -> Shape:
    """A list of one item or more, or of none where `empty`, at most `most`."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, list) or not (value or empty):
            yield Problem(path, f"expected a list{'' if empty else ' that is not empty'}, got {shown(value)}")
            return
        if most is not None and len(value) > most:
            yield Problem(path, f"expected at most {most}, got {len(value)}")
        for index, entry in enumerate(value):
            yield from item(entry, f"{path}[{index}]")

    return check


def table(item: Shape, key: Callable[[str], object]) -> Shape:
    """A mapping of any fields whose names `key` accepts; it raises a ValueError that says what it expects."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(path, f"expected a mapping, got {shown(value)}")
            return
        for field, entry in value.items():
            yield from parsed_by(key)(field, join(path, field))
            yield from item(entry, join(path, field))

    return check


def one_of(*allowed: object) -> Shape:
    """One of these values, of the same type."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not any(type(value) is type(choice) and value == choice for choice in allowed):
            yield Problem(path, f"expected {' or '.join(shown(choice) for choice in allowed)}, got {shown(value)}")

    return check


def either(first: Shape, second: Shape) -> Shape:
    """A value that one of two shapes accepts; the problems are those of the second."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if next(first(value, path), None) is not None:
            yield from second(value, path)

    return check


def refused(reason: str) -> Shape:
    """A field that is known and not wanted."""

    def check(_value: object, path: str) -> Iterator[Problem]:
        yield Problem(path, reason)

    return check


def anything(_value: object, _path: str) -> Iterator[Problem]:
    """Whatever is written there."""
    return iter(())


def boolean(value: object, path: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem(path, f"expected true or false, got {shown(value)}")


def text(value: object, path: str) -> Iterator[Problem]:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        yield Problem(path, f"expected text, got {shown(value)}")


def parsed_by(parse: Callable[[str], object]) -> Shape:
    """Text that `parse` accepts; it raises a ValueError that says what it expects."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, f"expected text, got {shown(value)}")
            return
        try:
            parse(value)
        except ValueError as error:
            yield Problem(path, str(error))

    return check


def number(value: object, path: str) -> Iterator[Problem]:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        yield Problem(path, f"expected a number, got {shown(value)}")
    elif isinstance(value, Decimal) and not value.is_finite():
        yield Problem(path, f"expected a finite number, got {shown(value)}")


def between(low: Decimal, high: Decimal, *, closed: bool = False) -> Shape:
    """A number above `low` and below `high`, or up to `high` where `closed`."""

    def check(value: object, path: str) -> Iterator[Problem]:
        wrong = next(number(value, path), None)
        if wrong is not None:
            yield wrong
        elif isinstance(value, int | Decimal) and not (low < value < high or (closed and value == high)):
            expected = f"expected a number in ({low}, {high}{']' if closed else ')'}"
            yield Problem(path, f"{expected}, got {shown(value)}")

    return check


def join(path: str, field: object) -> str:
    return f"{path}.{field}" if path else str(field)


def shown(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)[:200]
