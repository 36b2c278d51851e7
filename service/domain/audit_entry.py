"""What the audit trail says of one change: who did what, by which request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICE = "service"
"""The actor of what the service does by itself."""

Detail = str | int | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`actor` is `key:<key id>`, `stripe:<event id>`, `operator` or `service`; `action` is dotted: `tenant.updated`."""

    actor: str
    action: str
    request_id: str
    details: Mapping[str, Detail] = field(default_factory=dict)
