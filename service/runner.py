"""The HTTP server around the application: its limits, and a safe answer where the parser gives up."""

import asyncio
import logging
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler
from opentelemetry.trace import SpanKind

from service.errors import MalformedRequestError, ServiceError
from service.middleware.errors import problem_response
from service.middleware.security_headers import SECURITY_HEADERS
from service.middleware.telemetry import UNMATCHED, count_request
from service.parts import TELEMETRY
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry
from service.telemetry.spans import Span

KEEPALIVE_TIMEOUT_SECONDS = 75.0
SHUTDOWN_TIMEOUT_SECONDS = 4.0
_log = logging.getLogger(__name__)
_OPTIONS: dict[str, Any] = {"keepalive_timeout": KEEPALIVE_TIMEOUT_SECONDS, "access_log": None}


class _Protocol(RequestHandler):
    """Requests that cannot be parsed never reach the application, so they are answered and measured here, without an
    echo.
    """

    def __init__(self, manager: "_Server", telemetry: Telemetry, **options: Any) -> None:
        super().__init__(manager, **options)
        self._telemetry = telemetry

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("part of a response is already sent")
        span = self._telemetry.tracer.begin_root(f"_OTHER {UNMATCHED}", SpanKind.SERVER)
        request_id = f"{span.trace.trace_id:032x}"
        error = MalformedRequestError() if status < 500 else ServiceError()
        if status >= 500:
            self.log_exception("request %s failed outside the application", request_id, exc_info=exc)
        else:
            self.log_debug("request %s from %s: %s", request_id, request.remote, message)
        self._measure(span, error.status, request_id)
        response = _BareResponse.of(problem_response(error, request_id), request_id)
        response.force_close()
        return response

    def _measure(self, span: Span, status: int, request_id: str) -> None:
        """As a request without a known method or route."""
        span.attributes.update({"http.request.method": "_OTHER", "http.route": UNMATCHED})
        span.attributes.update({"http.response.status_code": status, "billing.request.id": request_id})
        if status >= 500:
            span.attributes["error.type"] = str(status)
            span.failed = True
        count_request(self._telemetry, span, status)
        attributes = {"http.response.status_code": status, "billing.request.id": request_id}
        log_event(_log, logging.INFO, "request.malformed", "the request could not be parsed", attributes)


class _BareResponse(web.Response):
    """Takes off the server's banner by itself, because the application's hooks do not see it."""

    @classmethod
    def of(cls, response: web.Response, request_id: str) -> "_BareResponse":
        headers = {**response.headers, **SECURITY_HEADERS, "X-Request-Id": request_id}
        return cls(body=response.body, status=response.status, headers=headers)

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall(hdrs.SERVER, None)


class _Server(web.Server):
    def __init__(self, made: web.Server, telemetry: Telemetry) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory)
        self._telemetry = telemetry

    def __call__(self) -> RequestHandler:
        return _Protocol(self, self._telemetry, loop=asyncio.get_running_loop(), **_OPTIONS)


class Runner(web.AppRunner):
    """An AppRunner whose connections speak _Protocol; aiohttp has no public seam for that."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(app, shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS)
        self._telemetry = app[TELEMETRY]

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._telemetry)
