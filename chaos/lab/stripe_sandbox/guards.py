"""What stands before every endpoint: Stripe's error answers, and the API key."""

from aiohttp import web

from chaos.lab.stripe_sandbox.errors import RefusedError, unauthorized, unknown_url
from chaos.lab.stripe_sandbox.exchange import Handler

CONTROL = "/_sandbox/"
STREAM = "/v2/billing/meter_event_stream"  # takes the token of a session instead
TEST_KEYS = ("sk_test_", "rk_test_")


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and unknown paths into Stripe's error objects."""
    try:
        return await handler(request)
    except RefusedError as refusal:
        answer = refusal
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        answer = unknown_url(request.method, request.path)
    return web.json_response(answer.document(), status=answer.status, headers=answer.headers)


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let test keys pass; the sandbox's own controls need none."""
    if not request.path.startswith((CONTROL, STREAM)):
        _check_key(request.headers.get("Authorization", ""))
    return await handler(request)


def _check_key(authorization: str) -> None:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header,"
            " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if not key.startswith(TEST_KEYS):
        raise unauthorized(f"Invalid API Key provided: {key[:3]}***. The sandbox takes test keys only.")
