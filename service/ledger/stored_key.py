"""An API key as the ledger holds it: never in clear."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.api_key import Scope


@dataclass(frozen=True, slots=True)
class StoredKey:
    """Times in unix seconds. A key is live until it is revoked or expires."""

    key_id: str
    tenant_id: str
    digest: bytes
    scopes: frozenset[Scope]
    label: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def manages_keys(self, now: int) -> bool:
        return self.is_live(now) and Scope.KEYS_WRITE in self.scopes


def to_key_fields(key: StoredKey) -> dict[str, str]:
    """Everything but the last use, which only the admission of a key writes."""
    return {
        "tenant_id": key.tenant_id,
        "digest": key.digest.hex(),
        "scopes": " ".join(sorted(key.scopes)),
        "label": key.label,
        "created_at": str(key.created_at),
        "expires_at": _to_text(key.expires_at),
        "revoked_at": _to_text(key.revoked_at),
    }


def from_key_fields(key_id: str, fields: Mapping[str, str]) -> StoredKey:
    return StoredKey(
        key_id=key_id,
        tenant_id=fields["tenant_id"],
        digest=bytes.fromhex(fields["digest"]),
        scopes=frozenset(Scope(scope) for scope in fields["scopes"].split()),
        label=fields["label"],
        created_at=int(fields["created_at"]),
        expires_at=_to_time(fields["expires_at"]),
        last_used_at=_to_time(fields.get("last_used_at", "")),
        revoked_at=_to_time(fields["revoked_at"]),
    )


def _to_text(instant: int | None) -> str:
    return "" if instant is None else str(instant)


def _to_time(text: str) -> int | None:
    return int(text) if text else None
