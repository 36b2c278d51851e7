"""Whom a key or a session lets in, and what is remembered of that for a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from service.domain.api_key import Scope

CACHE_SECONDS = 1.0
_CACHE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Admission:
    """To what, and until when (unix seconds, None for good)."""

    tenant_id: str
    key_id: str
    scopes: frozenset[Scope]
    expires_at: int | None
    by_session: bool = False


@dataclass(frozen=True, slots=True)
class _Memory:
    admission: Admission
    until: float


class Admissions:
    """Remembers successes for CACHE_SECONDS by the digest of what was presented."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._admitted: dict[bytes, _Memory] = {}

    def now(self) -> float:
        """When a question is asked, from which on its answer grows old."""
        return self._clock()

    def get(self, presented: bytes) -> Admission | None:
        memory = self._admitted.get(presented)
        return memory.admission if memory and self._clock() < memory.until else None

    def put(self, presented: bytes, admission: Admission, asked_at: float) -> None:
        if len(self._admitted) >= _CACHE_SIZE:
            self._admitted.clear()
        self._admitted[presented] = _Memory(admission, asked_at + CACHE_SECONDS)

    def forget(self, key_id: str) -> None:
        """Drop what is remembered of a key and its sessions, because it was revoked or will end earlier."""
        stale = [digest for digest, memory in self._admitted.items() if memory.admission.key_id == key_id]
        for digest in stale:
            del self._admitted[digest]

    def drop(self, presented: bytes) -> None:
        self._admitted.pop(presented, None)
