"""RFC 3339 timestamps."""

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?P<fraction>\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MICROSECOND_DIGITS = 6


def parse_rfc3339(text: str) -> datetime | None:
    """Return the instant in UTC, cut to microseconds; None unless it is a real instant with a zone."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    fraction = match["fraction"] or ""
    kept = fraction[: _MICROSECOND_DIGITS + 1]
    try:
        return datetime.fromisoformat(text.upper().replace(fraction, kept, 1)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_rfc3339(instant: datetime) -> str:
    """The one canonical spelling: UTC, microseconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def format_seconds(seconds: int) -> str:
    """A whole second, given in unix seconds, as UTC with `Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
