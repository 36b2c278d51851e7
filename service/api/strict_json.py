"""JSON as RFC 8259 and I-JSON mean it: no duplicate names, no NaN, no half characters, bounded depth and numbers."""

import json
import math
import re
from typing import NoReturn

MAX_DEPTH = 16
MAX_INTEGER_DIGITS = 19
_EXACT = 2**53

# Possessive, so that a string without an end is not tried again from each of its quotes.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")


class JsonError(ValueError):
    """The text is not acceptable JSON; the message says why and quotes none of it."""


def loads(body: bytes) -> object:
    """Decode UTF-8 JSON; raises JsonError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError("the body is not UTF-8") from error
    _limit_depth(text)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_unique_names,
            parse_constant=_reject_constant,
            parse_int=_bounded_integer,
            parse_float=_finite_number,
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"the body is not JSON: {error.msg} at character {error.pos}") from error
    if "\\u" in text:
        _reject_half_characters(value)
    return value


def _limit_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise JsonError(f"the body is nested deeper than {MAX_DEPTH} levels")


def _unique_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise JsonError("an object has the same name twice")
    return names


def _reject_constant(_: str) -> NoReturn:
    raise JsonError("NaN and Infinity are not JSON")


def _bounded_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise JsonError(f"a number has more than {MAX_INTEGER_DIGITS} digits")
    return int(digits)


def _finite_number(digits: str) -> float:
    """JSON knows one kind of number: 881.0 is the whole number 881."""
    number = float(digits)
    if not math.isfinite(number):
        raise JsonError("a number is too large")
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _reject_half_characters(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise JsonError("a string contains half of a surrogate pair") from error
