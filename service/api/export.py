"""`/tenants/{tenant_id}/export`: everything that is kept of a tenant, by a link that works for a quarter of an hour."""

from aiohttp import hdrs, web

from service.api.route import Answer, Route
from service.api.tenants import author_of
from service.domain.api_key import Scope
from service.domain.schema import Instant, Record, Text
from service.domain.timestamp import format_seconds
from service.errors import (
    ClientDisconnectedError,
    NotFoundError,
    PaymentsRejectedError,
    PaymentsUnavailableError,
    ServiceError,
)
from service.parts import EXPORTS, REQUEST_ID, WEB
from service.parts import TENANT_ID as OWN

EXPORT = Record(
    {
        "url": Text(2000, min_length=8, pattern="https?://[!-~]+", about="Needs no API key: keep it secret."),
        "expires_at": Instant(),
    },
    name="Export",
)
_HEADERS = {"Content-Type": "application/zip", "Content-Disposition": 'attachment; filename="export.zip"'}


async def create_export(request: web.Request) -> web.Response:
    token, expires_at = await request.app[EXPORTS].offer(request[OWN], author_of(request))
    url = f"{request.app[WEB].public_url}/exports/{token}"
    return web.json_response(
        {"url": url, "expires_at": format_seconds(expires_at)}, status=201, headers={hdrs.LOCATION: url}
    )


async def download_export(request: web.Request) -> web.StreamResponse:
    """Headers go out with the first full chunk, so that a failure before it still gets an answer of its own."""
    exports = request.app[EXPORTS]
    chunks = exports.stream(await exports.opened(request.match_info["token"]))
    first = await anext(chunks)
    response = web.StreamResponse(headers={**_HEADERS, "X-Request-Id": request[REQUEST_ID]})
    try:
        await response.prepare(request)
        await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
    except ServiceError:
        _break_off(request)
        raise
    except ConnectionError as error:
        raise ClientDisconnectedError from error
    return response


def _break_off(request: web.Request) -> None:
    """Half an archive must not look like a whole one."""
    if request.transport is not None:
        request.transport.abort()


_STRIPE_ERRORS = (PaymentsRejectedError, PaymentsUnavailableError)

ROUTES = (
    Route(
        "POST",
        "/tenants/{tenant_id}/export",
        create_export,
        scope=Scope.EXPORT_WRITE,
        tag="Export",
        summary="Export everything that is kept of the tenant",
        about="The archive holds the tenant, its usage, its invoices and its audit trail.",
        answers=(Answer(201, "Where to download it.", EXPORT, headers={"Location": "The download."}),),
    ),
    Route(
        "GET",
        "/exports/{token}",
        download_export,
        scope=None,
        tag="Export",
        summary="Download an export",
        answers=(Answer(200, "A ZIP archive.", media_type="application/zip"),),
        errors=(NotFoundError, *_STRIPE_ERRORS),
    ),
)
