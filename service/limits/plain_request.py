"""Knows the requests that can be refused unparsed: one whole request in one piece, without anything unusual.

Where the process is full, parsing is most of what a refusal costs. What is not plain is left to the parser: a wrong no
costs time only, while a wrong yes would lose the place where the next request begins.
"""

import re
from dataclasses import dataclass

MAX_PLAIN_BYTES = 8190
_HEAD = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE) (/[!-~]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+: [!-~][ -~]*\r\n){1,64})\r\n"
)
_LENGTH = re.compile(rb"\r\ncontent-length: (0|[1-9][0-9]{0,6})\r\n")
_UNUSUAL = re.compile(rb"\r\n(?:origin|transfer-encoding|connection|upgrade|expect):")


@dataclass(frozen=True, slots=True)
class PlainRequest:
    method: str
    target: str


def plain_request(data: bytes) -> PlainRequest | None:
    """The request that `data` is from its first to its last byte, if it is plain."""
    if len(data) > MAX_PLAIN_BYTES or (head := _HEAD.match(data)) is None:
        return None
    fields = b"\r\n" + head[3].lower()
    if _UNUSUAL.search(fields) or len(data) - head.end() != _length(fields):
        return None
    return PlainRequest(head[1].decode(), head[2].decode())


def _length(fields: bytes) -> int | None:
    """Of the body; None where the fields do not say one thing."""
    count = fields.count(b"\r\ncontent-length:")
    if count == 0:
        return 0
    found = _LENGTH.search(fields)
    return int(found[1]) if found and count == 1 else None
