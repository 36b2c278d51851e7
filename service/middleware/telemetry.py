"""Gives each request its id, its span, its metrics and its log line."""

import logging
import re

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry.trace import SpanKind

from service.accrual_metrics import record_request_cost
from service.api.route import Routes
from service.errors import ClientDisconnectedError
from service.limits.triage import UNMATCHED
from service.parts import CATALOG, ERROR_TYPE, REQUEST_COUNTS, REQUEST_ID, TENANT_ID, TOP_COSTS
from service.secret_forms import masked
from service.telemetry.instruments import Instruments
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry
from service.telemetry.sampling import Reason
from service.telemetry.spans import CURRENT, Span
from service.telemetry.tracing import caller_links

_log = logging.getLogger(__name__)
GAMEDAY_HEADER = "X-GameDay"
"""What a GameDay's load says of itself; honoured only by a service that is configured to."""
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_RUN = re.compile("[a-z0-9][a-z0-9-]{0,31}")
"""A run's name; nothing else that a client sends is noted."""


def observe_requests(telemetry: Telemetry) -> Middleware:
    """Measure every request; whether its trace is kept is decided when it is over."""
    return _identify_only(telemetry) if telemetry.tracer.is_silent else _observe(telemetry)


def _observe(telemetry: Telemetry) -> Middleware:
    tracer, active_requests = telemetry.tracer, telemetry.instruments.active_requests
    at_work = {name: active_requests.bound({"http.request.method": name}) for name in (*METHODS, "_OTHER")}

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        method, route = method_of(request), _route(request)
        span = tracer.begin_root(f"{method} {route}", SpanKind.SERVER, caller_links(request.headers))
        request[REQUEST_ID] = request_id = f"{span.trace.trace_id:032x}"
        attributes = span.attributes
        attributes["http.request.method"], attributes["http.route"] = method, route
        attributes["billing.request.id"] = request_id
        if tracer.sampling.honours_gameday:
            _note_gameday(request, span)
        active = at_work[method]
        active.value += 1
        token = CURRENT.set(span)
        status = 500
        try:
            response = await handler(request)
            response.headers["X-Request-Id"] = request_id
            status = response.status
            return response
        finally:
            CURRENT.reset(token)
            active.value -= 1
            _finish(request, telemetry, span, status)

    return middleware


def _identify_only(telemetry: Telemetry) -> Middleware:
    """What is left of it without telemetry: the request's id, and the count that tenants are shown."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = request_id = telemetry.tracer.draw_id()
        try:
            response = await handler(request)
            response.headers["X-Request-Id"] = request_id
            return response
        finally:
            if TENANT_ID in request:
                request.app[REQUEST_COUNTS].count(request[TENANT_ID])

    return middleware


def start_series(instruments: Instruments, served: Routes) -> None:
    """Have the latency of each route's good answers from the start, so that the first request is not invisible."""
    for route in served:
        for answer in route.answers:
            instruments.server_duration.start(
                {
                    "http.request.method": route.method,
                    "http.route": route.path,
                    "http.response.status_code": answer.status,
                }
            )


def _note_gameday(request: web.Request, span: Span) -> None:
    run = request.headers.get(GAMEDAY_HEADER)
    if run and _RUN.fullmatch(run):
        span.attributes["billing.gameday.run"] = masked(run)
        span.trace.reason = Reason.GAMEDAY


def _finish(request: web.Request, telemetry: Telemetry, span: Span, status: int) -> None:
    """Measure the request, decide about its trace, and log it."""
    if status < 500 and _is_gone(request):
        status = ClientDisconnectedError.status
        request[ERROR_TYPE] = ClientDisconnectedError.__name__
    attributes, instruments = span.attributes, telemetry.instruments
    attributes["http.response.status_code"] = status
    if status >= 499:
        attributes["error.type"] = request.get(ERROR_TYPE, str(status))
        span.failed = True
    tenant_id = request.get(TENANT_ID)
    if tenant_id is not None:
        attributes["tenant.id"] = tenant_id
        request.app[REQUEST_COUNTS].count(tenant_id)
        record_request_cost(instruments, request.app[TOP_COSTS], request.app[CATALOG].cost_model, tenant_id)
    count_request(telemetry, span, status)


def count_request(telemetry: Telemetry, span: Span, status: int) -> None:
    """End the span of a request that was answered, and note it everywhere."""
    instruments, attributes = telemetry.instruments, span.attributes
    outcome = "bad" if status >= 500 else "good"
    instruments.requests.add(1, {"http.route": attributes["http.route"], "billing.request.outcome": outcome})
    span.histogram = instruments.server_duration
    telemetry.tracer.end(span)
    instruments.server_duration.record(span.ended - span.started, attributes)
    telemetry.logs.request(span)


def measure_outside(telemetry: Telemetry, span: Span, status: int, request_id: str) -> None:
    """Measure what never reached the application, as a request without a known method or route."""
    span.attributes.update({"http.request.method": "_OTHER", "http.route": UNMATCHED})
    span.attributes.update({"http.response.status_code": status, "billing.request.id": request_id})
    if status >= 500:
        span.attributes["error.type"] = str(status)
        span.failed = True
    count_request(telemetry, span, status)
    attributes = {"http.response.status_code": status, "billing.request.id": request_id}
    log_event(_log, logging.INFO, "request.malformed", "refused before it reached the application", attributes)


def _is_gone(request: web.Request) -> bool:
    """True if the client went away; a failure of ours stays one even if nobody waited for it."""
    return request.transport is None or request.transport.is_closing()


def method_of(request: web.BaseRequest) -> str:
    return request.method if request.method in METHODS else "_OTHER"


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNMATCHED
