"""Strict reading of a decoded JSON object: unknown and missing fields are errors, and all are reported at once."""

from collections.abc import Callable, Mapping

from service.errors import FieldError

Rule = Callable[[object], str | None]
"""Returns the broken rule in words, or None."""


def field_errors(body: Mapping[str, object], rules: Mapping[str, Rule]) -> tuple[FieldError, ...]:
    """Judge every field of `body` by its rule; fields come out in the order of the rules, unknown ones last."""
    errors = []
    for name, rule in rules.items():
        broken = rule(body[name]) if name in body else "is required"
        if broken:
            errors.append(FieldError(name, broken))
    errors.extend(FieldError(name, "is not a known field") for name in body if name not in rules)
    return tuple(errors)
