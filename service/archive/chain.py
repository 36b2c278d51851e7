"""Lines that each carry a hash over themselves and the line before, so that no line can change unseen. Pure."""

import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64
"""Stands before the first line of a shard."""
_CHAIN = "chain"

Content = Mapping[str, object]


class BrokenLine(ValueError):
    """The message says what was expected of the line."""


def forge(previous: str, content: Content) -> tuple[bytes, str]:
    """The line of the content after a line with hash `previous`, and its own hash."""
    chain = _link(previous, content)
    return _canonical({**content, _CHAIN: chain}) + b"\n", chain


def verify(previous: str, line: bytes) -> tuple[Content, str]:
    """The content of a line and its hash; raises BrokenLine."""
    try:
        content = json.loads(line)
    except ValueError as error:
        raise BrokenLine("expected a line of JSON") from error
    if not isinstance(content, dict) or not line.endswith(b"\n"):
        raise BrokenLine("expected a whole line with a JSON object")
    chain, expected = content.pop(_CHAIN, None), _link(previous, content)
    if chain != expected:
        raise BrokenLine(f"expected chain {expected}, found {chain}")
    return content, expected


def _link(previous: str, content: Content) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + _canonical(content)).hexdigest()


def _canonical(content: Content) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
