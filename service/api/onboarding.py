"""`/signup/activate`: the second step of a sign-up that waits for its e-mail address to be confirmed."""

from aiohttp import web

from service.api.route import Answer, Route
from service.api.tenants import NEW_TENANT, opened
from service.domain.schema import Record, Text
from service.errors import NotFoundError, PaymentsRejectedError, PaymentsUnavailableError
from service.parts import BODY, ONBOARDING, REQUEST_ID

_JWT = r"[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]{86}"
ACTIVATION = Record(
    {"token": Text(2048, pattern=_JWT, about="From the link in the mail; it works once.")},
    name="Activation",
)


async def activate_signup(request: web.Request) -> web.Response:
    tenant, key = await request.app[ONBOARDING].activate(request[BODY]["token"], request[REQUEST_ID])
    return opened(tenant, key)


ROUTES = (
    Route(
        "POST",
        "/signup/activate",
        activate_signup,
        scope=None,
        tag="Tenants",
        summary="Confirm the e-mail address and become a tenant",
        body=ACTIVATION,
        answers=(Answer(201, "The tenant and its first API key.", NEW_TENANT, headers={"Location": "The tenant."}),),
        errors=(NotFoundError, PaymentsRejectedError, PaymentsUnavailableError),
    ),
)
