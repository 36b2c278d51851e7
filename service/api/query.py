"""Reads the query of a request by the same schemas as bodies."""

from collections.abc import Mapping

from aiohttp import web

from service.domain.schema import Choice, Flag, Schema, Whole
from service.errors import FieldError, ValidationError

_MAX_DIGITS = 18


def read_query(request: web.Request, schemas: Mapping[str, Schema]) -> Mapping[str, object]:
    """Return the parameters that were given and the defaults of those that were not; raises ValidationError."""
    values = {name: _typed(text, schemas[name]) for name, text in request.query.items() if name in schemas}
    faults = [fault for name, value in values.items() for fault in schemas[name].faults(value, name)]
    faults += [FieldError(name, "is not a known parameter") for name in set(request.query) - set(schemas)]
    faults += [FieldError(name, "is given twice") for name in values if len(request.query.getall(name)) > 1]
    if faults:
        raise ValidationError(tuple(faults))
    return {**_defaults(schemas), **values}


def _typed(text: str, schema: Schema) -> object:
    """What the text stands for; text that stands for nothing is left for the schema to refuse."""
    if isinstance(schema, Whole):
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS else text
    if isinstance(schema, Flag):
        return {"true": True, "false": False}.get(text, text)
    return text


def _defaults(schemas: Mapping[str, Schema]) -> dict[str, object]:
    return {
        name: schema.default
        for name, schema in schemas.items()
        if isinstance(schema, Whole | Flag | Choice) and schema.default is not None
    }
