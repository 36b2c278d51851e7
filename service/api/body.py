"""Reads the body of a request, bounded in time and size."""

import asyncio

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from service.api import strict_json
from service.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientDisconnectedError,
    MalformedRequestError,
    UnsupportedMediaTypeError,
)

MAX_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_SECONDS = 10.0


async def read_json(request: web.Request) -> object:
    """Return the decoded body; raises a ServiceError that says what is wrong with it."""
    if request.content_type != "application/json" or hdrs.CONTENT_ENCODING in request.headers:
        raise UnsupportedMediaTypeError
    body = await read_bytes(request)
    try:
        return strict_json.loads(body)
    except strict_json.JsonError as error:
        raise MalformedRequestError(str(error)) from error


async def read_bytes(request: web.BaseRequest, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body as it was sent; reading it again costs nothing."""
    if (request.content_length or 0) > limit:
        raise BodyTooLargeError
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise BodyTimeoutError from error
    except web.HTTPRequestEntityTooLarge as error:
        raise BodyTooLargeError from error
    except ConnectionError as error:
        raise ClientDisconnectedError from error
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise MalformedRequestError("the body breaks HTTP framing") from error
