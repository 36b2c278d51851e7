"""`/webhooks/stripe`: what Stripe reports, acknowledged at once and dealt with by a worker."""

from aiohttp import hdrs, web

from service.api import strict_json
from service.api.body import read_bytes
from service.api.route import Answer, Route
from service.domain.schema import Flag, Record
from service.domain.webhook_event import EventFormatError, WebhookEvent, read_event
from service.errors import InvalidSignatureError, MalformedRequestError, UnsupportedMediaTypeError
from service.parts import WEBHOOK_INTAKE

MAX_WEBHOOK_BYTES = 512 * 1024
SIGNATURE = "Stripe-Signature"

RECEIVED = Record(
    {"received": Flag(), "duplicate": Flag(about="The event had come before; nothing is done twice.")},
    name="WebhookReceipt",
)


async def receive_webhook(request: web.Request) -> web.Response:
    """The signature covers the raw bytes, so it is judged before anything is read into them."""
    intake = request.app[WEBHOOK_INTAKE]
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        raise UnsupportedMediaTypeError
    body = await read_bytes(request.clone(client_max_size=MAX_WEBHOOK_BYTES), MAX_WEBHOOK_BYTES)
    intake.authenticate(body, request.headers.get(SIGNATURE, ""))
    try:
        event = _event(body)
    except MalformedRequestError:
        intake.reject()
        raise
    is_duplicate = await intake.take(event)
    return web.json_response({"received": True, "duplicate": is_duplicate})


def _event(body: bytes) -> WebhookEvent:
    try:
        return read_event(strict_json.loads(body))
    except (strict_json.JsonError, EventFormatError) as error:
        raise MalformedRequestError(str(error)) from error


ROUTES = (
    Route(
        "POST",
        "/webhooks/stripe",
        receive_webhook,
        scope=None,
        tag="Service",
        summary="Take a webhook from Stripe",
        about="For Stripe only: the body must be signed with the endpoint's secret, within 300 seconds of now.",
        answers=(Answer(200, "The event is kept and will take effect.", RECEIVED),),
        errors=(InvalidSignatureError, UnsupportedMediaTypeError),
        idempotent=True,
    ),
)
