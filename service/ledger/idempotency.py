"""Requests under an Idempotency-Key: who works on one, and what it was answered."""

import base64
from dataclasses import dataclass
from enum import StrEnum

from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script

RETENTION_SECONDS = 24 * 3600
LEASE_SECONDS = 60


class State(StrEnum):
    """`fresh` is for the caller to work on, `in_flight` is somebody else's work."""

    FRESH = "fresh"
    IN_FLIGHT = "in_flight"
    MISMATCH = "mismatch"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Begun:
    """`answer` is there where the request is done."""

    state: State
    answer: bytes = b""


class IdempotencyRecords:
    """Keeps a record for 24 hours from its first request; raises LedgerUnavailableError.

    `shard_id` is a tenant id, or any hex text for a request that has none. `fingerprint` tells requests apart, `token`
    the attempts at one. Whoever began has 60 seconds; then the next may take over.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._begin = load_script("begin_request")
        self._end = load_script("end_request")

    async def begin(self, shard_id: str, key_hash: str, fingerprint: str, token: str) -> Begun:
        names = [keys.idempotency(shard_id, key_hash)]
        arguments: list[str | int] = [fingerprint, token, LEASE_SECONDS, RETENTION_SECONDS]
        state, *answer = await self._ledger.script(Operation.BEGIN_REQUEST, self._begin, names, arguments)
        return Begun(State(state), base64.b64decode(answer[0]) if answer else b"")

    async def complete(self, shard_id: str, key_hash: str, token: str, answer: bytes) -> None:
        """Keep the answer, unless somebody else has taken over."""
        names = [keys.idempotency(shard_id, key_hash)]
        text = base64.b64encode(answer).decode()
        await self._ledger.script(Operation.COMPLETE_REQUEST, self._end, names, [token, text])

    async def release(self, shard_id: str, key_hash: str, token: str) -> None:
        """Let the next one try at once, with the same request."""
        names = [keys.idempotency(shard_id, key_hash)]
        await self._ledger.script(Operation.RELEASE_REQUEST, self._end, names, [token])
