"""Idempotency keys: a POST that is sent twice under one key happens once.

As with Stripe, answers are kept for 24 hours, and only those of requests that were carried out: a refused request
may be corrected and sent again under its key.
"""

from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.exchange import Handler, read_tree
from chaos.lab.stripe_sandbox.forms import Tree
from chaos.lab.stripe_sandbox.objects import Clock

KEEP_SECONDS = 24 * 3600
KEY_LENGTH = 255


@dataclass(slots=True)
class _Use:
    """The first request under a key, and its answer once there is one."""

    path: str
    tree: Tree
    started_at: float
    answer: web.Response | None = None


def idempotency(clock: Clock) -> Middleware:
    """The middleware, with a memory of its own."""
    uses: dict[str, _Use] = {}

    @web.middleware
    async def once(request: web.Request, handler: Handler) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return await handler(request)
        if len(key) > KEY_LENGTH:
            raise _misuse(400, f"Idempotency keys can have up to {KEY_LENGTH} characters.")
        use = _Use(request.path, await read_tree(request), clock())
        earlier = uses.get(key)
        if earlier is not None and use.started_at < earlier.started_at + KEEP_SECONDS:
            return _replay(key, earlier, use)
        uses[key] = use
        return await _carry_out(request, handler, uses, key)

    return once


async def _carry_out(request: web.Request, handler: Handler, uses: dict[str, _Use], key: str) -> web.StreamResponse:
    try:
        response = await handler(request)
    except BaseException:
        del uses[key]
        raise
    if isinstance(response, web.Response):
        uses[key].answer = response
    return response


def _replay(key: str, earlier: _Use, use: _Use) -> web.Response:
    if earlier.path != use.path:
        raise _misuse(
            400,
            "Keys for idempotent requests can only be used for the same endpoint they were first used for"
            f" ('{earlier.path}' vs '{use.path}'). Try using a key other than '{key}'"
            " if you meant to execute a different request.",
        )
    if earlier.tree != use.tree:
        raise _misuse(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used"
            f" with. Try using a key other than '{key}' if you meant to execute a different request.",
        )
    if earlier.answer is None:
        message = f"There is currently another in-progress request using this Idempotent Key: {key}."
        raise _misuse(409, message, "idempotency_key_in_use")
    headers = {
        "Idempotent-Replayed": "true",
        "Original-Request": earlier.answer.headers["Request-Id"],
        "Content-Type": "application/json",
    }
    return web.Response(body=earlier.answer.body, status=earlier.answer.status, headers=headers)


def _misuse(status: int, message: str, code: str | None = None) -> RefusedError:
    return RefusedError(status, message, kind="idempotency_error", code=code)
