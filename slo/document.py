"""Strict YAML: decimals stay decimal, a repeated key is an error, a document is checked against a shape.

A shape is a function that yields one line for each thing wrong with a value, each with the value's path.
Shapes compose, so that a file's problems are all reported at once.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from slo.errors import DocumentError

Shape = Callable[[object, str], Iterator[str]]


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader with Decimal for floats and without repeated keys."""


def _decimal(_loader: _StrictLoader, node: yaml.ScalarNode) -> Decimal:
    try:
        return Decimal(node.value)
    except InvalidOperation as error:
        raise yaml.constructor.ConstructorError(
            None, None, f"expected a decimal number, got {node.value}", node.start_mark
        ) from error


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys: list[object] = []
    for key, _ in node.value:
        if key.value in keys:
            raise yaml.constructor.ConstructorError(None, None, f"repeated key {key.value!r}", key.start_mark)
        keys.append(key.value)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _decimal)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_documents(path: Path) -> list[Any]:
    """The YAML documents of a file; a DocumentError names the file, and the line where there is one."""
    try:
        return list(_documents(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DocumentError(f"{path}: {reason}; expected a readable YAML file") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{path}: line {line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{path}: {' '.join(str(error).split())}") from error


def _documents(content: str) -> Iterator[Any]:
    loader = _StrictLoader(content)
    try:
        while loader.check_node():
            yield loader.get_data()
    finally:
        loader.dispose()


def mapping(required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with just these fields."""
    known = {**required, **(optional or {})}

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path or 'document'}: expected a mapping, got {_shown(value)}"
            return
        for field in (field for field in value if field not in known):
            yield f"{_join(path, field)}: unknown field; expected one of {', '.join(sorted(known))}"
        for field, shape in known.items():
            if field in value:
                yield from shape(value[field], _join(path, field))
            elif field in required:
                yield f"{_join(path, field)}: missing"

    return check


def sequence(item: Shape, most: int | None = None) -> Shape:
    """A list of one item or more, at most `most`."""

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, list) or not value:
            yield f"{path}: expected a list that is not empty, got {_shown(value)}"
            return
        if most is not None and len(value) > most:
            yield f"{path}: expected at most {most}, got {len(value)}"
        for index, entry in enumerate(value):
            yield from item(entry, f"{path}[{index}]")

    return check


def one_of(*allowed: object) -> Shape:
    """One of these values, of the same type."""

    def check(value: object, path: str) -> Iterator[str]:
        if not any(type(value) is type(choice) and value == choice for choice in allowed):
            yield f"{path}: expected {' or '.join(_shown(choice) for choice in allowed)}, got {_shown(value)}"

    return check


def text(value: object, path: str) -> Iterator[str]:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        yield f"{path}: expected text, got {_shown(value)}"


def parsed_by(parse: Callable[[str], object]) -> Shape:
    """Text that `parse` accepts; it raises a ValueError that says what it expects."""

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path}: expected text, got {_shown(value)}"
            return
        try:
            parse(value)
        except ValueError as error:
            yield f"{path}: {error}"

    return check


def between(low: Decimal, high: Decimal, *, closed: bool = False) -> Shape:
    """A number above `low` and below `high`, or up to `high` where `closed`."""

    def check(value: object, path: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            yield f"{path}: expected a number, got {_shown(value)}"
        elif not (low < value < high or (closed and value == high)):
            yield f"{path}: expected a number in ({low}, {high}{']' if closed else ')'}, got {_shown(value)}"

    return check


def _join(path: str, field: object) -> str:
    return f"{path}.{field}" if path else str(field)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)
