"""Reading a request, and naming it: what it asks, and the id that its answer and its events carry."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import parse_qsl

from aiohttp import web

from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.events import API_VERSION, CURRENT_REQUEST
from chaos.lab.stripe_sandbox.forms import Tree, nest
from chaos.lab.stripe_sandbox.objects import new_id

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORM = "application/x-www-form-urlencoded"


async def read_tree(request: web.Request) -> Tree:
    """The parameters of query and body as one tree; raises RefusedError."""
    body = await request.text()
    if body and request.content_type != FORM:
        raise RefusedError(400, f"Invalid request (check that your POST content type is {FORM}).")
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    return nest(pairs + parse_qsl(body, keep_blank_values=True))


@web.middleware
async def name_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, for its answer's headers and for the events it causes."""
    request_id, key = new_id("req"), request.headers.get("Idempotency-Key")
    CURRENT_REQUEST.set({"id": request_id, "idempotency_key": key})
    response = await handler(request)
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if key is not None:
        response.headers["Idempotency-Key"] = key
    return response
