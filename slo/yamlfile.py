"""YAML files as plain values that remember their lines: decimals stay decimal, a repeated key is an error."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from slo.errors import DocumentError

_TAG = "tag:yaml.org,2002:"
_MOST_NODES = 2_000_000
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Content:
    """One document of a file: its value, and where each part of it stands."""

    file: str
    value: Any
    node: yaml.Node

    def line(self, path: str) -> int:
        """The line of `spec.objectives[0].target`, or of the nearest thing around it that is there."""
        node, rest = self.node, path.replace("[", ".[")
        while rest:
            found = _child(node, rest)
            if found is None:
                break
            node, rest = found
        return int(node.start_mark.line) + 1

    def place(self, path: str) -> str:
        return f"{self.file}:{self.line(path)}"


def read(path: Path) -> list[Content]:
    """The documents of a file; a DocumentError names the file, and the line where there is one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DocumentError(f"{path}: {reason}; expected a readable YAML file") from error
    return parsed(str(path), text)


def parsed(file: str, text: str) -> list[Content]:
    """The documents of the text of a file; a DocumentError where it is no YAML."""
    try:
        return list(_contents(file, text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{file}:{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{file}: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise DocumentError(f"{file}: nested too deeply; expected a document of a few levels") from error


def values(path: Path) -> list[Any]:
    """The documents of a file as plain values."""
    return [content.value for content in read(path)]


def _contents(file: str, text: str) -> Iterator[Content]:
    loader = _Loader(text)
    values = _Values()
    try:
        while loader.check_node():
            node = loader.get_node()
            yield Content(file, values.of(node), node)
    finally:
        loader.dispose()


class _Values:
    """Turns nodes into values; counts them, so that aliases of aliases cannot fill the memory."""

    def __init__(self) -> None:
        self._made = 0

    def of(self, node: yaml.Node) -> Any:
        self._made += 1
        if self._made > _MOST_NODES:
            raise _wrong(node, f"expected fewer than {_MOST_NODES} values")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item) for item in node.value]
        return self._mapping(node)

    def _mapping(self, node: yaml.Node) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    merged = {**self.of(part), **merged} if isinstance(part, yaml.MappingNode) else merged
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(key, "expected a plain key")
            if key.value in made:
                raise _wrong(key, f"repeated key {key.value!r}")
            made[key.value] = self.of(value)
        return {**merged, **made}


def _scalar(node: yaml.ScalarNode) -> object:
    kind, text = node.tag.removeprefix(_TAG), node.value
    if kind == "null":
        return None
    if kind == "bool":
        if text.lower() not in _BOOLEANS:
            raise _wrong(node, f"expected true or false, got {text}")
        return _BOOLEANS[text.lower()]
    if kind in ("int", "float"):
        return _number(node, text, whole=kind == "int")
    return text


def _number(node: yaml.ScalarNode, text: str, *, whole: bool) -> int | Decimal:
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation as error:
        raise _wrong(node, f"expected a decimal number, got {text}") from error
    if whole and not (number.is_finite() and number == int(number)):
        raise _wrong(node, f"expected a whole number, got {text}")
    return int(number) if whole else number


def _wrong(node: yaml.Node, problem: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _child(node: yaml.Node, path: str) -> tuple[yaml.Node, str] | None:
    """The part that a path leads to first, and the rest of the path; a key may hold dots itself."""
    if isinstance(node, yaml.SequenceNode):
        step, _, rest = path.partition(".")
        index = step.strip("[]")
        return (node.value[int(index)], rest) if index.isdecimal() and int(index) < len(node.value) else None
    if not isinstance(node, yaml.MappingNode):
        return None
    pairs = ((key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))
    fitting = [(key, value) for key, value in pairs if f"{path}.".startswith(f"{key.value}.")]
    if not fitting:
        return None
    key, value = max(fitting, key=lambda pair: len(pair[0].value))
    return _marked(key, value), path[len(key.value) + 1 :]


def _marked(key: yaml.Node, value: yaml.Node) -> yaml.Node:
    """The value, with the line of its key where it is a scalar that begins below it."""
    return key if isinstance(value, yaml.ScalarNode) else value
