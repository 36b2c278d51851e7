"""Reading a request, and naming it: what it asks, and the id that its answer and its events carry."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from aiohttp import web

from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.events import API_VERSION, CURRENT_REQUEST
from chaos.lab.stripe_sandbox.forms import Tree, nest
from chaos.lab.stripe_sandbox.objects import new_id
from chaos.lab.stripe_sandbox.origin import CURRENT_ORIGIN

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
JSON_PATHS = "/v2/"


async def read_tree(request: web.Request) -> Tree:
    """The parameters of query and body as one tree; raises RefusedError."""
    body = await request.text()
    if request.path.startswith(JSON_PATHS):
        return _tree_of(await read_json(request))
    if body and request.content_type != FORM:
        raise RefusedError(400, f"Invalid request (check that your POST content type is {FORM}).")
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    return nest(pairs + parse_qsl(body, keep_blank_values=True))


async def read_json(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object, empty without one; raises RefusedError."""
    body = await request.text()
    try:
        document = json.loads(body) if body else {}
    except ValueError as error:
        raise RefusedError(400, f"Invalid request: the body is no JSON ({error}).") from error
    if not isinstance(document, dict):
        raise RefusedError(400, "Invalid request: expected a JSON object.")
    return document


def _tree_of(document: dict[str, Any]) -> Tree:
    """JSON in the form that parameters have everywhere else."""
    return {key: _branch(value) for key, value in document.items() if value is not None}


def _branch(value: Any) -> Tree | str:
    match value:
        case dict():
            return _tree_of(value)
        case list():
            return {str(number): _branch(each) for number, each in enumerate(value)}
        case bool():
            return str(value).lower()
        case _:
            return str(value)


@web.middleware
async def name_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, for its answer's headers and for the events it causes."""
    request_id, key = new_id("req"), request.headers.get("Idempotency-Key")
    CURRENT_ORIGIN.set(f"{request.scheme}://{request.host}")
    CURRENT_REQUEST.set({"id": request_id, "idempotency_key": key})
    response = await handler(request)
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if key is not None:
        response.headers["Idempotency-Key"] = key
    return response
