"""Generated documents as YAML text: what a general emitter writes, about thirty times as fast.

It knows the types that generated files hold: mappings with plain keys, lists, texts and numbers.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

# A text that starts with a letter is a text to every reader, but for these words; so is a duration.
_PLAIN = re.compile(r"(?:[A-Za-z(/][^\n\r\t]*|[0-9]+(?:ms|[smhdw]))")
_WORDS = re.compile(r"(?:y|n|yes|no|on|off|true|false|null)", re.IGNORECASE)
_MARKS = re.compile(r": | #|:$| $|[^ -~\n\u00a0-\ud7ff\ue000-\ufefe]")
_INDENT = "  "


def to_text(document: Mapping[str, Any]) -> str:
    """The document as block YAML, the same bytes each time; a TypeError for a value of another type."""
    lines: list[str] = []
    _mapping(document, "", "", lines)
    lines.append("")
    return "\n".join(lines)


def _mapping(value: Mapping[str, Any], first: str, indent: str, lines: list[str]) -> None:
    """One line or more for each field; the first line is indented by `first`, such as "- "."""
    lead = first
    for key, item in value.items():
        head = f"{lead}{_scalar(key, '')}:"
        lead = indent
        if isinstance(item, str):
            lines.append(f"{head} {_scalar(item, indent)}")
        elif isinstance(item, dict) and item:
            lines.append(head)
            inner = indent + _INDENT
            _mapping(item, inner, inner, lines)
        elif isinstance(item, list) and item:
            lines.append(head)
            _list(item, indent, lines)
        else:
            lines.append(f"{head} {_leaf(item, indent)}")


def _list(value: list[Any], indent: str, lines: list[str]) -> None:
    for item in value:
        if isinstance(item, dict) and item:
            _mapping(item, f"{indent}- ", indent + _INDENT, lines)
        else:
            lines.append(f"{indent}- {_leaf(item, indent)}")


def _leaf(value: object, indent: str) -> str:
    if isinstance(value, str):
        return _scalar(value, indent)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict | list) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"expected a text, a number, a mapping or a list of mappings and texts, got {value!r}")


def _scalar(text: str, indent: str) -> str:
    return _block(text, indent + _INDENT) if "\n" in text else _line(text)


# Keys, and names in labels, come back all the time.
@lru_cache(maxsize=4_096)
def _line(text: str) -> str:
    if not _MARKS.search(text) and _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=True)


def _block(text: str, indent: str) -> str:
    """Lines as they read, where the text ends without a line break and has no other control character."""
    lines = text.split("\n")
    if not text.replace("\n", "").isprintable() or not lines[-1]:
        return json.dumps(text, ensure_ascii=True)
    head = "|2-" if text[0] in " \n" else "|-"
    return "\n".join([head, *(f"{indent}{line}" if line else "" for line in lines)])
