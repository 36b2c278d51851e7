"""Makes POST requests safe to repeat: one Idempotency-Key, one piece of work, one answer.

The first request under a key leaves its answer in the ledger, encrypted, because it may show a new API key. A repeated
one is answered with the same bytes. The seed of such a request follows from the key and the request's content, so that
a repetition after a crash makes nothing twice either.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from cryptography.exceptions import InvalidTag

from service.api.body import read_bytes
from service.api.route import IDEMPOTENCY_KEY, MIN_PUBLIC_KEY_LENGTH, Routes
from service.domain.seed import SEED_BYTES, repeatable_seed
from service.errors import (
    FieldError,
    IdempotencyInFlightError,
    IdempotencyKeyReusedError,
    ServiceError,
    ValidationError,
)
from service.ledger.idempotency import IdempotencyRecords, State
from service.middleware.errors import problem_response
from service.middleware.kept_answer import KeptAnswer
from service.parts import REQUEST_ID, SEED, TENANT_ID

REPLAYED = "Idempotent-Replayed"
_MAX_KEY_LENGTH = 255
_PUBLIC = "public"
_NEVER_KEPT = frozenset({408, 409, 429})


@dataclass(frozen=True, slots=True)
class _Use:
    """One request under a key; `token` tells it from a later one that takes over its work."""

    shard_id: str
    key_hash: str
    fingerprint: str
    token: str
    seed: bytes
    older_seeds: tuple[bytes, ...]


def keep_answers(records: IdempotencyRecords, roots: tuple[bytes, ...], routes: Routes) -> Middleware:
    """`roots` are what seeds are derived from, the newest first; answers kept under older ones can still be read."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = routes.of(request)
        given = request.headers.getall(IDEMPOTENCY_KEY, []) if route and route.takes_idempotency_key else []
        if not given:
            request[SEED] = secrets.token_bytes(SEED_BYTES)
            return await handler(request)
        use = await _use(request, _judged(given, is_public=TENANT_ID not in request), roots)
        request[SEED] = use.seed
        begun = await records.begin(use.shard_id, use.key_hash, use.fingerprint, use.token)
        if begun.state is State.IN_FLIGHT:
            raise IdempotencyInFlightError
        if begun.state is State.MISMATCH:
            raise IdempotencyKeyReusedError
        if begun.state is State.DONE:
            return _replayed(begun.answer, use)
        return await _first(request, handler, records, use)

    return middleware


async def _first(request: web.Request, handler: Handler, records: IdempotencyRecords, use: _Use) -> web.StreamResponse:
    """Do the work; only an answer that is on record is given, any other way out lets go of the key."""
    try:
        response = await _answered(request, handler)
    except BaseException:
        await records.release(use.shard_id, use.key_hash, use.token)
        raise
    answer = KeptAnswer.of(response).sealed(use.seed, use.fingerprint)
    await records.complete(use.shard_id, use.key_hash, use.token, answer)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.Response:
    """The answer to keep, a refusal included; raises what is not kept."""
    try:
        response = await handler(request)
    except ServiceError as error:
        if error.status >= 499 or error.status in _NEVER_KEPT:
            raise
        return problem_response(error, request[REQUEST_ID])
    if not isinstance(response, web.Response):
        raise TypeError(f"{request.path} streams its answer; expected a route that takes no {IDEMPOTENCY_KEY}")
    return response


def _replayed(answer: bytes, use: _Use) -> web.Response:
    response = _opened(answer, use).response()
    response.headers[REPLAYED] = "true"
    return response


def _opened(answer: bytes, use: _Use) -> KeptAnswer:
    *newer, oldest = (use.seed, *use.older_seeds)
    for seed in newer:
        with suppress(InvalidTag):
            return KeptAnswer.opened(answer, seed, use.fingerprint)
    return KeptAnswer.opened(answer, oldest, use.fingerprint)


def _judged(given: Sequence[str], *, is_public: bool) -> str:
    """Return the key; one that protects a new API key must be too long to guess. Raises ValidationError."""
    low = MIN_PUBLIC_KEY_LENGTH if is_public else 1
    if len(given) == 1 and re.fullmatch(rf"[!-~]{{{low},{_MAX_KEY_LENGTH}}}", given[0]):
        return given[0]
    rule = f"must be given once, {low} to {_MAX_KEY_LENGTH} visible ASCII characters"
    raise ValidationError((FieldError(IDEMPOTENCY_KEY, rule),))


async def _use(request: web.Request, key: str, roots: tuple[bytes, ...]) -> _Use:
    scope = request.get(TENANT_ID, _PUBLIC)
    fingerprint = await _fingerprint(request)
    key_hash = hashlib.sha256(f"{scope}\n{key}".encode()).hexdigest()
    seed, *older = (repeatable_seed(root, scope, key, fingerprint) for root in roots)
    return _Use(
        shard_id=request.get(TENANT_ID, key_hash),
        key_hash=key_hash,
        fingerprint=fingerprint,
        token=secrets.token_hex(16),
        seed=seed,
        older_seeds=tuple(older),
    )


async def _fingerprint(request: web.Request) -> str:
    """SHA-256 of method, path with query, and body."""
    said = f"{request.method} {request.raw_path}\n".encode()
    return hashlib.sha256(said + await read_bytes(request)).hexdigest()
