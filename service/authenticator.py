"""Finds out who asks, by the API key or the session that they present."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from service.admission import Admission, Admissions
from service.domain import api_key
from service.domain.api_key import ApiKey
from service.domain.audit_entry import SERVICE, AuditEntry
from service.errors import ServiceError, UnauthorizedError
from service.ledger.admission import KeyGate
from service.ledger.keyring import Keyring, StoredKey
from service.sessions import Sessions
from service.telemetry.logs import log_event

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """`peppers` are what keys are digested under, the newest first: a key under an older one is renewed when used.

    Raises UnauthorizedError for everything that is wrong alike, or LedgerUnavailableError.
    """

    gate: KeyGate
    keyring: Keyring
    sessions: Sessions
    peppers: tuple[bytes, ...]
    clock: Callable[[], datetime]
    memory: Admissions

    async def admit(self, authorization: str) -> Admission:
        """Admit the holder of a key; its shape and checksum are judged before the ledger is asked."""
        key = _presented(authorization)
        if key is None:
            raise UnauthorizedError
        presented = tuple(api_key.digest(key, pepper) for pepper in self.peppers)
        admission = self.memory.get(presented[0]) or await self._look_up(key, presented)
        return self._still_good(admission)

    async def admit_session(self, token: str, csrf_token: str | None) -> Admission:
        """Admit the holder of a session's cookie; `csrf_token` is None where the request cannot change anything."""
        presented = sha256(f"{token}\n{csrf_token or ''}".encode(errors="surrogateescape")).digest()
        asked_at = self.memory.now()
        admission = self.memory.get(presented)
        if admission is None:
            admission = await self.sessions.admit(token, csrf_token)
            self.memory.put(presented, admission, asked_at)
        return self._still_good(admission)

    def remembers(self, authorization: str) -> bool:
        """Whether the key would be admitted without a look into the ledger."""
        key = _presented(authorization)
        return key is not None and self.memory.get(api_key.digest(key, self.peppers[0])) is not None

    def forget(self, key_id: str) -> None:
        """Drop what is remembered of a key and its sessions."""
        self.memory.forget(key_id)

    def _still_good(self, admission: Admission) -> Admission:
        if admission.expires_at is not None and self.clock().timestamp() >= admission.expires_at:
            raise UnauthorizedError
        return admission

    async def _look_up(self, key: ApiKey, presented: tuple[bytes, ...]) -> Admission:
        asked_at = self.memory.now()
        stored = await self.gate.admit(key.key_id, int(self.clock().timestamp()), *presented)
        if stored is None:
            raise UnauthorizedError
        if stored.digest != presented[0]:
            await self._renew(stored, presented[0])
        admission = Admission(stored.tenant_id, stored.key_id, stored.scopes, stored.expires_at)
        self.memory.put(presented[0], admission, asked_at)
        return admission

    async def _renew(self, stored: StoredKey, digest: bytes) -> None:
        """The key is good either way: where it cannot be renewed now, its next use tries again."""
        entry = AuditEntry(SERVICE, "key.digest_renewed", uuid4().hex, {"key_id": stored.key_id})
        try:
            await self.keyring.renew_digest(stored, digest, entry)
        except ServiceError as error:
            fields = {"error.type": type(error).__name__}
            log_event(_log, logging.WARNING, "key.renewal_failed", "the key keeps its old digest", fields)


def _presented(authorization: str) -> ApiKey | None:
    """The key, if its shape and checksum are right."""
    scheme, _, text = authorization.partition(" ")
    return api_key.parse(text) if scheme.lower() == "bearer" else None
