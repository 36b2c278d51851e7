"""Answers every error as an RFC 9457 problem."""

import json
import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from service.errors import (
    BodyTooLargeError,
    ExpectationFailedError,
    MalformedRequestError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceError,
    problem,
)
from service.parts import ERROR_TYPE, REQUEST_ID
from service.telemetry.logs import event_fields, log_event

_logger = logging.getLogger(__name__)

_OF_AIOHTTP: dict[int, type[ServiceError]] = {
    404: NotFoundError,
    405: MethodNotAllowedError,
    413: BodyTooLargeError,
    417: ExpectationFailedError,
}


def translate_errors() -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ServiceError as error:
            if error.status >= 499:
                request[ERROR_TYPE] = type(error).__name__
                _log_failure(error)
            return problem_response(error, request[REQUEST_ID])
        except web.HTTPException as error:
            return _translate_http(error, request[REQUEST_ID])
        except Exception as error:  # the last line of defence: an unforeseen error is still answered and logged
            request[ERROR_TYPE] = type(error).__name__
            _logger.exception("request failed unexpectedly", extra=event_fields("request.crashed", {}))
            return problem_response(ServiceError(), request[REQUEST_ID])

    return middleware


def problem_response(error: ServiceError, request_id: str) -> web.Response:
    body = json.dumps(problem(error, request_id)).encode()
    headers = {**error.answer_headers(), "Content-Type": "application/problem+json"}
    return web.Response(body=body, status=error.status, headers=headers)


def error_of(error: web.HTTPException) -> type[ServiceError]:
    """What an error that aiohttp raised means to a client."""
    return _OF_AIOHTTP.get(error.status, MalformedRequestError)


def _translate_http(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    if error.status < 400:
        return error
    response = problem_response(error_of(error)(), request_id)
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return response


def _log_failure(error: ServiceError) -> None:
    cause = error.__cause__
    log_event(
        _logger,
        logging.WARNING,
        "request.failed",
        str(error),
        {"error.type": type(error).__name__, "error.cause": repr(cause)},
    )
