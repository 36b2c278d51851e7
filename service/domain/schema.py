"""What a value may be, said once: judged here, and shown as JSON Schema in the API's own description.

Every schema answers two questions, `faults` (what is wrong with a value) and `document` (the same rule for a reader).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.domain.timestamp import parse_rfc3339
from service.errors import FieldError, ValidationError
from service.secret_forms import refused_names, secret_in

_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_UNSEEN = _CONTROLS + r"\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff"
HIDDEN = re.compile(f"[{_UNSEEN}\U000e0000-\U000e007f]")
"""A character that people do not see, or that changes how they see others."""
VISIBLE = f"^[^{_UNSEEN}]*$"
TEXT = rf"[^\s{_UNSEEN}]([^{_UNSEEN}]*[^\s{_UNSEEN}])?"
"""Text for people: nothing invisible or bidirectional in it, no white space around it."""


class Schema(Protocol):
    """A rule for one value."""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        """Yield every broken rule; `path` names the value, such as `events[3].value`."""
        ...

    def document(self) -> dict[str, object]:
        """The rule as JSON Schema 2020-12."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min_length` to `max_length` characters that as a whole matches `pattern`.

    Text for people that is not `ours`, the service's own, must hold no secret.
    """

    max_length: int
    min_length: int = 1
    pattern: str = TEXT
    about: str = ""
    says: str = ""
    format: str = ""
    ours: bool = False

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not self._allows(value):
            yield FieldError(path, self.says or f"must be {self.min_length} to {self.max_length} printable characters")
        elif self._may_hold_secrets() and (secret := secret_in(str(value))) is not None:
            yield FieldError(path, f"must not hold a secret ({secret})")

    def document(self) -> dict[str, object]:
        lengths = {"minLength": self.min_length, "maxLength": self.max_length}
        kind = {"type": "string", **lengths, "pattern": f"^(?:{self.pattern})$"}
        about = f"{self.about} {_secrets_are_refused()}".lstrip() if self._may_hold_secrets() else self.about
        return _described({**kind, **({"format": self.format} if self.format else {})}, about)

    def _may_hold_secrets(self) -> bool:
        return self.pattern is TEXT and not self.ours

    def _allows(self, value: object) -> bool:
        return (
            isinstance(value, str)
            and (self.pattern is not TEXT or HIDDEN.search(value) is None)
            and self.min_length <= len(value) <= self.max_length
            and re.fullmatch(self.pattern, value) is not None
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`."""

    low: int
    high: int
    about: str = ""
    default: int | None = None

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:
            yield FieldError(path, f"must be a whole number from {self.low} to {self.high}")

    def document(self) -> dict[str, object]:
        bounds = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return _described({**bounds, **({} if self.default is None else {"default": self.default})}, self.about)


@dataclass(frozen=True, slots=True)
class Number:
    """Any finite number; only answers have those."""

    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield FieldError(path, "must be a number")

    def document(self) -> dict[str, object]:
        return _described({"type": "number"}, self.about)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    about: str = ""
    default: bool | None = None

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, bool):
            yield FieldError(path, "must be true or false")

    def document(self) -> dict[str, object]:
        default = {} if self.default is None else {"default": self.default}
        return _described({"type": "boolean", **default}, self.about)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: Sequence[str]
    about: str = ""
    default: str | None = None

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, str) or value not in self.values:
            yield FieldError(path, f"must be one of {', '.join(self.values)}")

    def document(self) -> dict[str, object]:
        default = {} if self.default is None else {"default": self.default}
        return _described({"type": "string", "enum": [str(value) for value in self.values], **default}, self.about)


@dataclass(frozen=True, slots=True)
class Instant:
    """An RFC 3339 date-time with a zone."""

    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, str) or parse_rfc3339(value) is None:
            yield FieldError(path, "must be an RFC 3339 date-time with a zone, such as 2026-11-23T06:00:00Z")

    def document(self) -> dict[str, object]:
        return _described({"type": "string", "format": "date-time"}, self.about)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list whose items all follow one schema."""

    items: Schema
    low: int = 0
    high: int | None = None
    unique: bool = False
    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, list) or not self.low <= len(value) <= (self.high or len(value)):
            yield FieldError(path, f"must be a list of {self._extent()} items")
        elif self.unique and any(item in value[:index] for index, item in enumerate(value)):
            yield FieldError(path, "must not name an item twice")
        else:
            for index, item in enumerate(value):
                yield from self.items.faults(item, f"{path}[{index}]")

    def document(self) -> dict[str, object]:
        bounds = {"minItems": self.low} if self.low else {}
        bounds |= {"maxItems": self.high} if self.high is not None else {}
        unique = {"uniqueItems": True} if self.unique else {}
        return _described({"type": "array", "items": self.items.document(), **bounds, **unique}, self.about)

    def _extent(self) -> str:
        return f"{self.low} to {self.high}" if self.high is not None else f"at least {self.low}"


@dataclass(frozen=True, slots=True)
class Nullable:
    """The schema's values, or null."""

    schema: Schema

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if value is not None:
            yield from self.schema.faults(value, path)

    def document(self) -> dict[str, object]:
        return {"anyOf": [self.schema.document(), {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Either:
    """The values of any of the schemas."""

    schemas: Sequence[Schema]

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        broken = [list(schema.faults(value, path)) for schema in self.schemas]
        if all(broken):
            rules = " or ".join(faults[0].rule for faults in broken)
            yield FieldError(path, rules)

    def document(self) -> dict[str, object]:
        return {"anyOf": [schema.document() for schema in self.schemas]}


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value; `shown` is what a client should send, where each is judged by itself later."""

    shown: Schema | None = None
    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:  # noqa: ARG002
        yield from ()

    def document(self) -> dict[str, object]:
        if self.shown is None:
            return _described({}, self.about)
        return {"anyOf": [self.shown.document(), {"description": self.about}]}


@dataclass(frozen=True, slots=True)
class Members:
    """An object with names of the client's or the data's own choice."""

    values: Schema
    names: str = ".{1,64}"
    high: int | None = None
    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, Mapping) or len(value) > (len(value) if self.high is None else self.high):
            limit = "" if self.high is None else f" of at most {self.high} members"
            yield FieldError(path, f"must be an object{limit}")
            return
        for name, member in value.items():
            if re.fullmatch(self.names, name) is None:
                yield FieldError(path, f"has a name that does not match {self.names}")
            yield from self.values.faults(member, f"{path}.{name}" if path else name)

    def document(self) -> dict[str, object]:
        kind: dict[str, object] = {"type": "object", "additionalProperties": self.values.document()}
        kind["propertyNames"] = {"pattern": f"^(?:{self.names})$"}
        return _described({**kind, **({} if self.high is None else {"maxProperties": self.high})}, self.about)


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields only; unknown and missing ones are faults, and all are reported at once.

    `name` makes it a named component of the API's description.
    """

    fields: Mapping[str, Schema]
    optional: frozenset[str] = field(default_factory=frozenset)
    name: str = ""
    about: str = ""

    def faults(self, value: object, path: str) -> Iterator[FieldError]:
        if not isinstance(value, Mapping):
            yield FieldError(path, "must be an object")
            return
        for name, schema in self.fields.items():
            if name in value:
                yield from schema.faults(value[name], _join(path, name))
            elif name not in self.optional:
                yield FieldError(_join(path, name), "is required")
        yield from (FieldError(_join(path, name), "is not a known field") for name in value if name not in self.fields)

    def document(self) -> dict[str, object]:
        if self.name:
            return {"$ref": f"#/components/schemas/{self.name}"}
        return self.definition()

    def definition(self) -> dict[str, object]:
        """The object itself, where `document` may only refer to it."""
        properties = {name: schema.document() for name, schema in self.fields.items()}
        required = [name for name in self.fields if name not in self.optional]
        kind = {"type": "object", "properties": properties, "additionalProperties": False}
        return _described({**kind, **({"required": required} if required else {})}, self.about)


def named_records(schema: object) -> Iterator[Record]:
    """Every named record in a schema, itself included, so that a description can define what it refers to."""
    if isinstance(schema, Record):
        if schema.name:
            yield schema
        for part in schema.fields.values():
            yield from named_records(part)
    elif isinstance(schema, Listing):
        yield from named_records(schema.items)
    elif isinstance(schema, Nullable):
        yield from named_records(schema.schema)
    elif isinstance(schema, Members):
        yield from named_records(schema.values)
    elif isinstance(schema, Either):
        for choice in schema.schemas:
            yield from named_records(choice)
    elif isinstance(schema, Anything) and schema.shown is not None:
        yield from named_records(schema.shown)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _secrets_are_refused() -> str:
    return f"A text that holds a secret ({refused_names()}) is refused as `{ValidationError.code}`."


def _described(kind: dict[str, object], about: str) -> dict[str, object]:
    return {**kind, "description": about} if about else kind
