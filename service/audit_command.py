"""`billing audit`: was every acknowledged event billed exactly once?"""

import asyncio
import json
from pathlib import Path

from service.config import RedisConfig
from service.domain.timestamp import parse_rfc3339
from service.ledger.audit import Audit, Entry, audit
from service.ledger.connection import connect
from service.ledger.snapshot import read_counters, read_entries

READ_TIMEOUT_SECONDS = 30.0
_EXAMPLES = 10
_TYPES = {"tenant_id": str, "event_id": str, "event_type": str, "value": int, "timestamp": str}


class AcknowledgedFileError(Exception):
    """The file of acknowledged events cannot be used; the message names the file and line."""


def run_audit(path: Path, redis: RedisConfig) -> Audit:
    """Audit a ledger that nobody writes to meanwhile; raises AcknowledgedFileError, RedisError or LedgerFormatError."""
    return asyncio.run(_audit(read_acknowledged(path), redis))


def read_acknowledged(path: Path) -> list[Entry]:
    """Read JSON lines of {tenant_id, event_id, event_type, value, timestamp, ...}."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise AcknowledgedFileError(f"{path}: {reason}; expected a file of JSON lines") from error
    return [_parse_line(f"{path}:{number}", line) for number, line in enumerate(lines, start=1) if line.strip()]


def render(result: Audit, output: str) -> str:
    """As one JSON object of counts, or as a table with examples of what differs."""
    if output == "json":
        return json.dumps(result.counts())
    lines = [f"{name:<20}{count:>10}" for name, count in result.counts().items()]
    differences = {
        "lost": result.lost,
        "doubled": result.doubled,
        "counter differs": result.counter_mismatches,
    }
    for name, found in differences.items():
        lines.extend(f"{name}: {' '.join(key)}" for key in found[:_EXAMPLES])
    return "\n".join(lines)


def _parse_line(where: str, line: str) -> Entry:
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
    return Entry(fields["tenant_id"], fields["event_id"], fields["event_type"], fields["value"], timestamp)


async def _audit(acknowledged: list[Entry], redis: RedisConfig) -> Audit:
    client = connect(redis, READ_TIMEOUT_SECONDS)
    try:
        entries = await read_entries(client)
        return audit(acknowledged, entries, await read_counters(client, entries))
    finally:
        await client.aclose()
