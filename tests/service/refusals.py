"""Keys of five kinds that are all refused, for the same reason as far as anybody may see."""

import secrets
from contextlib import suppress
from dataclasses import dataclass

from service.admission import Admissions
from service.app import utc_now
from service.authenticator import Authenticator
from service.domain.api_key import KEY_ID_BYTES, SECRET_BYTES, Scope, derive_pepper, digest, issue
from service.domain.audit_entry import AuditEntry
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus
from service.errors import UnauthorizedError
from service.ledger.admission import KeyGate
from service.ledger.connection import Ledger
from service.ledger.keyring import Keyring
from service.ledger.stored_key import StoredKey
from service.ledger.tenants import TenantBook
from tests.service.conftest import API_KEY_SECRET

KINDS = ("unknown id", "wrong secret", "expired", "revoked", "another pepper")
_ISSUED_AT = 1_700_000_000
_KEYS_A_KIND = 16
"""Of each kind, so that nothing is measured that belongs to one key only."""


@dataclass(frozen=True)
class Refusals:
    ledger: Ledger
    authenticator: Authenticator
    presented: dict
    good: str
    """A key that is admitted."""

    async def refuse(self, kind, index=0):
        """Present a key of that kind, and be refused."""
        with suppress(UnauthorizedError):
            await self.authenticator.admit(self.presented[kind][index])
            raise AssertionError(f"{kind} was admitted")

    def headers(self, kind):
        return {"Authorization": self.presented[kind][0]}


async def open_refusals(ledger, older_peppers=()):
    """Put what is needed into the ledger; `older_peppers` are tried as well, and no key has a digest under them."""
    pepper = derive_pepper(API_KEY_SECRET)
    made = {kind: [await _key(ledger, kind, pepper) for _ in range(_KEYS_A_KIND)] for kind in KINDS}
    gate = KeyGate(ledger)
    authenticator = Authenticator(gate, Keyring(ledger), None, (pepper, *older_peppers), utc_now, Admissions())
    return Refusals(ledger, authenticator, made, await _key(ledger, "good", pepper))


async def _key(ledger, kind, pepper):
    tenant_id = secrets.token_hex(16)
    key = _issue(tenant_id)
    shown = key
    if kind == "wrong secret":
        shown = issue(tenant_id, _ISSUED_AT, bytes.fromhex(key.key_id), secrets.token_bytes(SECRET_BYTES))
    if kind == "another pepper":
        pepper = secrets.token_bytes(32)
    if kind != "unknown id":
        stored = StoredKey(
            key.key_id,
            tenant_id,
            digest(key, pepper),
            frozenset(Scope),
            "default",
            _ISSUED_AT,
            expires_at=_ISSUED_AT + 1 if kind == "expired" else None,
            revoked_at=_ISSUED_AT + 1 if kind == "revoked" else None,
        )
        tenant = Tenant(
            tenant_id, "n", "e@example.com", Plan.PRO, TenantStatus.ACTIVE, Dunning.CURRENT, "cus", "sub", 1, 0
        )
        await TenantBook(ledger).create(tenant, stored, AuditEntry("service", "tenant.created", "0"))
    return f"Bearer {shown.text}"


def _issue(tenant_id):
    return issue(tenant_id, _ISSUED_AT, secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(SECRET_BYTES))
