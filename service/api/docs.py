"""`/openapi.json`: the API's own description."""

from aiohttp import web

from service.api.route import Answer, Route
from service.domain.schema import Anything
from service.parts import DESCRIPTION


async def read_description(request: web.Request) -> web.Response:
    return web.json_response(request.app[DESCRIPTION])


ROUTES = (
    Route(
        "GET",
        "/openapi.json",
        read_description,
        scope=None,
        tag="Service",
        summary="Read this description",
        answers=(Answer(200, "The API's own description, OpenAPI 3.1.", Anything()),),
    ),
)
