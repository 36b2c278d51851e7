"""What documents, labels and annotations may be called."""

import json
import re
from typing import Any

from slo import document, names
from slo.document import Problem, Shape

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LOOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,254}")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS = "slo/"


def strict(value: str) -> str:
    """The name of a service or an SLO, which ends up in labels, alerts and file names."""
    if not _NAME.fullmatch(value):
        raise ValueError(f"expected a lower-case name such as api-availability, got {value!r}")
    return value


def loose(value: str) -> str:
    """The name of anything else."""
    if not _LOOSE.fullmatch(value):
        raise ValueError(f"expected a name of letters, digits, dots and dashes, got {value!r}")
    return value


def key(value: str) -> str:
    """The key of a label or an annotation in a document's metadata."""
    if not _KEY.fullmatch(value):
        raise ValueError(f"expected a key such as team or example.com/team, got {value!r}")
    return value


def label(value: str) -> str:
    """A Prometheus label that is free to use."""
    if not _LABEL.fullmatch(value) or value.startswith("__"):
        raise ValueError(f"expected a Prometheus label name, got {value!r}")
    if value in _RESERVED:
        raise ValueError(f"expected a label that the engine does not set itself ({', '.join(sorted(_RESERVED))})")
    return value


def groups(value: str) -> tuple[str, ...]:
    """Labels to keep apart, from `tier, region`."""
    found = tuple(label(part.strip()) for part in value.split(","))
    if len(set(found)) != len(found):
        raise ValueError(f"expected each label once, got {value!r}")
    return found


def count(value: str) -> int:
    """A whole number that is written as text, as the values of annotations are."""
    if not re.fullmatch(r"[0-9]{1,12}", value):
        raise ValueError(f"expected a whole number in quotes, got {value!r}")
    return int(value)


def flag(value: str) -> bool:
    """Yes or no that is written as text, as the values of annotations are."""
    if value not in ("true", "false"):
        raise ValueError(f'expected "true" or "false" in quotes, got {value!r}')
    return value == "true"


def metadata(name: Shape, annotations: dict[str, Shape]) -> Shape:
    """A document's metadata; of the annotations, those that begin with slo/ have to be known."""
    many = document.sequence(document.text)
    labels = document.table(document.either(many, document.text), key)

    def annotated(value: object, path: str) -> Any:
        yield from document.table(document.text, key)(value, path)
        for field, entry in value.items() if isinstance(value, dict) else ():
            if field in annotations:
                yield from annotations[field](entry, document.join(path, field))
            elif str(field).startswith(_OURS):
                known = f"expected one of {', '.join(sorted(annotations))}" if annotations else "none is known here"
                yield Problem(document.join(path, field), f"unknown annotation; {known}")

    optional = {"displayName": document.text, "labels": labels, "annotations": annotated}
    return document.mapping({"name": name}, optional)


def as_json(shape: Shape) -> Shape:
    """Text that holds JSON of this shape."""

    def check(value: object, path: str) -> Any:
        try:
            parsed = json.loads(value) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        if parsed is None:
            yield Problem(path, f"expected JSON, got {document.shown(value)}")
        else:
            yield from shape(parsed, path)

    return check


_RESERVED = frozenset(
    {
        "alertname",
        *(names.SLO, names.SERVICE, names.WINDOW, names.POLICY, names.LONG_WINDOW, names.SHORT_WINDOW),
        *(names.BURN_RATE, names.GROUP, names.TARGETS),
    }
)
