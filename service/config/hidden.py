"""The secrets of a configuration as plain values, so that whoever writes for people can leave them out."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from urllib.parse import urlsplit

_SHORTEST = 8
"""A shorter value is a word that stands in ordinary texts too."""


def hidden_values(config: object) -> tuple[str, ...]:
    """Every value that a configuration's repr leaves out, also as a repr writes it; the longest first."""
    found = {form for value in _hidden(config) for form in _forms(value) if len(form) >= _SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def _hidden(config: object) -> Iterator[str]:
    if not is_dataclass(config):
        return
    for each in fields(config):
        value = getattr(config, each.name)
        if not each.repr and isinstance(value, str):
            yield value
        yield from _hidden(value)


def _forms(value: str) -> Iterator[str]:
    yield from (value, repr(value)[1:-1])
    if "://" in value:
        yield urlsplit(value).password or ""
