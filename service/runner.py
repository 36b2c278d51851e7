"""The HTTP server around the application: its limits, and a safe answer where the parser gives up."""

import asyncio
from typing import Any
from uuid import uuid4

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from service.errors import MalformedRequestError, ServiceError
from service.middleware.errors import problem_response
from service.middleware.security_headers import SECURITY_HEADERS

KEEPALIVE_TIMEOUT_SECONDS = 75.0
SHUTDOWN_TIMEOUT_SECONDS = 4.0
_OPTIONS: dict[str, Any] = {"keepalive_timeout": KEEPALIVE_TIMEOUT_SECONDS, "access_log": None}


class _Protocol(RequestHandler):
    """Requests that cannot be parsed never reach the application, so they are answered here without an echo."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("part of a response is already sent")
        request_id = uuid4().hex
        error = MalformedRequestError() if status < 500 else ServiceError()
        if status >= 500:
            self.log_exception("request %s failed outside the application", request_id, exc_info=exc)
        else:
            self.log_debug("request %s from %s: %s", request_id, request.remote, message)
        response = _BareResponse.of(problem_response(error, request_id), request_id)
        response.force_close()
        return response


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
    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **_OPTIONS)


class Runner(web.AppRunner):
    """An AppRunner whose connections speak _Protocol; aiohttp has no public seam for that."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(app, shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory)
