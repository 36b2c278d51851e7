"""Gives each request its id, its span, its metrics and its log line."""

import logging
from time import perf_counter
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from service.accrual_metrics import record_request_cost
from service.errors import ClientDisconnectedError
from service.parts import CATALOG, ERROR_TYPE, REQUEST_COUNTS, REQUEST_ID, TENANT_ID
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import Attributes, caller_links

_log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})


def observe_requests(telemetry: Telemetry) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = uuid4().hex
        method, route = _method(request), _route(request)
        active = {"http.request.method": method}
        telemetry.instruments.active_requests.add(1, active)
        try:
            with telemetry.tracer.start_as_current_span(
                f"{method} {route}",
                context=Context(),
                kind=SpanKind.SERVER,
                links=caller_links(request.headers),
                record_exception=False,
            ) as span:
                return await _observed(request, handler, telemetry, span, {**active, "http.route": route})
        finally:
            telemetry.instruments.active_requests.add(-1, active)

    return middleware


async def _observed(
    request: web.Request, handler: Handler, telemetry: Telemetry, span: Span, attributes: Attributes
) -> web.StreamResponse:
    started = perf_counter()
    status = 500
    try:
        response = await handler(request)
        response.headers["X-Request-Id"] = request[REQUEST_ID]
        status = response.status
        return response
    finally:
        if status < 500 and _is_gone(request):
            status = ClientDisconnectedError.status
            request[ERROR_TYPE] = ClientDisconnectedError.__name__
        seconds = perf_counter() - started
        attributes["http.response.status_code"] = status
        if status >= 499:
            attributes["error.type"] = request.get(ERROR_TYPE, str(status))
        telemetry.instruments.requests.add(1, _outcome(attributes["http.route"], status))
        telemetry.instruments.server_duration.record(seconds, attributes)
        if TENANT_ID in request:
            request.app[REQUEST_COUNTS].count(request[TENANT_ID])
            record_request_cost(telemetry.instruments, request.app[CATALOG].cost_model)
        _finish_span(request, span, attributes)
        _log_request(request, attributes, seconds)


def _outcome(route: AttributeValue, status: int) -> Attributes:
    return {"http.route": route, "billing.request.outcome": "bad" if status >= 500 else "good"}


def _finish_span(request: web.Request, span: Span, attributes: Attributes) -> None:
    span.set_attributes({**attributes, "billing.request.id": request[REQUEST_ID]})
    if TENANT_ID in request:
        span.set_attribute("tenant.id", request[TENANT_ID])
    if "error.type" in attributes:
        span.set_status(Status(StatusCode.ERROR))


def _log_request(request: web.Request, attributes: Attributes, seconds: float) -> None:
    named = {**attributes, "billing.request.id": request[REQUEST_ID], "duration_seconds": round(seconds, 6)}
    if TENANT_ID in request:
        named["tenant.id"] = request[TENANT_ID]
    log_event(_log, logging.INFO, "request.served", f"{_method(request)} {_route(request)}", named)


def _is_gone(request: web.Request) -> bool:
    """True if the client went away; a failure of ours stays one even if nobody waited for it."""
    return request.transport is None or request.transport.is_closing()


def _method(request: web.Request) -> str:
    return request.method if request.method in _METHODS else "_OTHER"


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
