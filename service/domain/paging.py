"""Cursors: where the next page of a list begins, opaque to clients.

A cursor names the list that it belongs to, so that one of another list is refused and not misread.
"""

import base64
import binascii
import re

from service.domain.schema import Nullable, Schema, Text, Whole
from service.errors import FieldError, ValidationError

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
_MAX_LENGTH = 200

CURSOR = Text(
    _MAX_LENGTH,
    pattern="[A-Za-z0-9_-]+",
    about="Where the page begins: `next_cursor` of the page before it.",
    says="must be the next_cursor of a page of this list",
)
LIMIT = Whole(1, MAX_LIMIT, default=DEFAULT_LIMIT, about="Items on a page, at most.")
NEXT_CURSOR = Nullable(CURSOR)
PAGE_QUERY: dict[str, Schema] = {"cursor": CURSOR, "limit": LIMIT}


def encode_cursor(listing: str, position: str) -> str:
    """The cursor of a list that goes on after `position`."""
    return base64.urlsafe_b64encode(f"{listing} {position}".encode()).decode().rstrip("=")


def decode_cursor(listing: str, cursor: str, pattern: str) -> str:
    """Return the position, which must match `pattern`; raises ValidationError on `cursor`."""
    match = re.fullmatch(f"{re.escape(listing)} (?P<position>{pattern})", _decoded(cursor))
    if match is None:
        raise bad_cursor()
    return match["position"]


def bad_cursor() -> ValidationError:
    return ValidationError((FieldError("cursor", CURSOR.says),))


def _decoded(cursor: str) -> str:
    """The text in a cursor, empty if there is none; a second spelling of the same text is no cursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        text = raw.decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return text if base64.urlsafe_b64encode(raw).decode().rstrip("=") == cursor else ""
