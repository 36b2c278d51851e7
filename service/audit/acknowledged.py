"""What clients were promised, from a file that they wrote."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service.domain.timestamp import format_rfc3339, parse_rfc3339
from service.ledger import keys

_TYPES = {"tenant_id": str, "event_id": str, "event_type": str, "value": int, "timestamp": str}


class AcknowledgedFileError(Exception):
    """The file of acknowledged events cannot be used; the message names the file and line."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """`hour` is that of the event's timestamp in UTC, as 2026-11-23T06."""

    tenant_id: str
    event_id: str
    event_type: str
    value: int
    hour: str


def by_shard(events: Iterable[Acknowledged]) -> dict[int, set[Acknowledged]]:
    found: defaultdict[int, set[Acknowledged]] = defaultdict(set)
    for event in events:
        found[keys.shard_of(event.tenant_id)].add(event)
    return found


def read_acknowledged(path: Path) -> Iterator[Acknowledged]:
    """Read JSON lines of {tenant_id, event_id, event_type, value, timestamp, ...}; raises AcknowledgedFileError."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parse_line(f"{path}:{number}", line)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise AcknowledgedFileError(f"{path}: {reason}; expected a file of JSON lines") from error


def _parse_line(where: str, line: str) -> Acknowledged:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise AcknowledgedFileError(f"{where}: not JSON; expected one object a line") from error
    if not isinstance(fields, dict):
        raise AcknowledgedFileError(f"{where}: expected an object")
    for name, kind in _TYPES.items():
        if type(fields.get(name)) is not kind:
            raise AcknowledgedFileError(f"{where}: {name}: expected {kind.__name__}")
    timestamp = parse_rfc3339(fields["timestamp"])
    if timestamp is None:
        raise AcknowledgedFileError(f"{where}: timestamp: expected RFC 3339 with a zone")
    if not _is_hex(fields["tenant_id"]):
        raise AcknowledgedFileError(f"{where}: tenant_id: expected the id of a tenant")
    hour = format_rfc3339(timestamp)[: len("2026-11-23T06")]
    return Acknowledged(fields["tenant_id"], fields["event_id"], fields["event_type"], fields["value"], hour)


def _is_hex(tenant_id: str) -> bool:
    return len(tenant_id) > 1 and all(character in "0123456789abcdef" for character in tenant_id)
