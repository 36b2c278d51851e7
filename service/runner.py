"""The HTTP server around the application: its limits, whom it admits, and a safe answer where the parser gives up."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast
from uuid import uuid4

from aiohttp import StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler
from opentelemetry.trace import SpanKind

from service.bare_answers import BareAnswers
from service.errors import HeaderTimeoutError, MalformedRequestError, OverloadedError, ServiceError
from service.limits.admission import AdmissionControl, Ticket
from service.limits.plain_request import PlainRequest, plain_request
from service.limits.triage import UNMATCHED, Triage
from service.middleware.errors import error_of
from service.middleware.telemetry import measure_outside
from service.parts import ADMISSION_CONTROL, TELEMETRY, TRIAGE, WEB

KEEPALIVE_TIMEOUT_SECONDS = 75.0
HEADER_TIMEOUT_SECONDS = 10.0
"""For the head of a request, from its first byte on, and for the first byte of a connection."""
READ_BYTES = 64 * 1024
"""At once from a connection; asyncio's own figure makes every read allocate four times as much."""
LINGER_SECONDS = 2.0
"""How long the rest of a body is still read after its request was answered."""
SHUTDOWN_TIMEOUT_SECONDS = 4.0
_OPTIONS: dict[str, Any] = {
    "keepalive_timeout": KEEPALIVE_TIMEOUT_SECONDS,
    "lingering_time": LINGER_SECONDS,
    "access_log": None,
    "auto_decompress": False,
}

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Protocol(RequestHandler):
    """One connection. What cannot be parsed, and what there is no room for, never reaches the application."""

    def __init__(self, server: "_Server") -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **_OPTIONS)
        self._server = server
        self._ticket: Ticket | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._is_plain = True  # so far every read was one plain request: the parser holds nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast("Any", transport).max_size = READ_BYTES
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._end_head_timer()
        if (ticket := self.take_ticket()) is not None:
            self._server.admission.leave(ticket)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Judge a request as soon as its head is read, if the connection was idle; a pipelined one has to wait."""
        request = plain_request(data) if self._is_plain else None
        self._is_plain = request is not None
        waiter = self._waiter
        if waiter is None or waiter.done() or self._messages:
            super().data_received(data)
            return
        if request is not None and self._refused_unparsed(request):
            return
        if not self._has_begun:
            self._end_head_timer()  # its time was for the first byte
        self._has_begun = True
        self._waiter = None  # so that nothing begins before the request is judged
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if not self._messages:
            self._await_head()
            return
        self._end_head_timer()
        if not self._refused() and not waiter.done():
            waiter.set_result(None)

    def take_ticket(self) -> Ticket | None:
        """The request's leave to work, if it was given when it arrived; it is given once."""
        ticket, self._ticket = self._ticket, None
        return ticket

    def _refused_unparsed(self, request: PlainRequest) -> bool:
        """Answer a plain request that there is no room for."""
        if self._force_close or self._close or self._upgraded or self._is_paused:
            return False
        if self._server.admission.has_room(self._server.triage.priority(request.target)):
            return False
        self._has_begun = True
        self._end_head_timer()
        self._server.shed(request.target)
        self._answer_here(request.method != "HEAD", must_close=False)
        return True

    def _refused(self) -> bool:
        """Give the only request leave, or answer it here and now; what is not as simple as that goes its usual way."""
        message, payload = self._messages[0]
        if len(self._messages) > 1 or not isinstance(message, RawRequestMessage):
            return False
        is_whole = payload.is_eof()
        self._ticket = self._server.admit(self, message.path, payload)
        if self._ticket is not None or not is_whole or self._is_paused or "Origin" in message.headers:
            return False
        self._messages.popleft()
        cast("Any", self._parser).message_consumed()
        self._server.shed(message.path)
        self._answer_here(message.method != "HEAD", must_close=message.should_close)
        return True

    @property
    def _is_paused(self) -> bool:
        """Whether an answer from here would go before others, or to a client that does not read its answers."""
        return self._buffer_paused or self._reading_paused or self.writing_paused

    def end_reading(self, target: str) -> None:
        """Make room for a request whose body comes sooner."""
        self._server.shed(target)
        if self.transport is not None:
            self.transport.write(self._server.bare.last_words(OverloadedError()))
        self.force_close()

    def _answer_here(self, has_body: bool, *, must_close: bool) -> None:
        transport = self.transport
        if transport is None:
            return
        transport.write(self._server.bare.refusal(has_body, must_close))
        self._next_keepalive_close_time = self._loop.time() + KEEPALIVE_TIMEOUT_SECONDS
        if must_close:
            self.force_close()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(HEADER_TIMEOUT_SECONDS, self._give_up_head)

    def _end_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up_head(self) -> None:
        """A connection that began to ask is told why it is closed."""
        self._head_timer = None
        if self.transport is not None and self._has_begun:
            self.transport.write(self._server.bare.last_words(HeaderTimeoutError()))
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what cannot be parsed, without an echo."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of a response is already sent")
        error = MalformedRequestError() if status < 500 else ServiceError()
        response = self._server.refuse_outside(request, error)
        if status >= 500:
            self.log_exception("request %s failed outside the application", _id_of(response), exc_info=exc)
        else:
            self.log_debug("request %s from %s: %s", _id_of(response), request.remote, message)
        response.force_close()
        return response


def _id_of(response: web.Response) -> str:
    return response.headers["X-Request-Id"]


class _Server(web.Server):
    """Makes the connections' protocols, and stands between them and the application."""

    def __init__(self, handler: Answer, factory: Any, app: web.Application) -> None:
        super().__init__(cast("Any", self._serve), request_factory=factory)
        self._handler = handler
        self.admission: AdmissionControl = app[ADMISSION_CONTROL]
        self.triage: Triage = app[TRIAGE]
        self.bare = BareAnswers(app[WEB])
        self.telemetry = app[TELEMETRY]

    def __call__(self) -> RequestHandler:
        return _Protocol(self)

    def admit(self, protocol: _Protocol, target: str, body: StreamReader) -> Ticket | None:
        """Leave to work, or to read a body that is not whole yet; None where there is no room."""
        priority = self.triage.priority(target)
        if body.is_eof():
            return self.admission.enter(priority)
        ticket = self.admission.enter_reading(priority, partial(protocol.end_reading, target))
        if ticket is not None:
            body.on_eof(partial(self.admission.has_read, ticket))
        return ticket

    def shed(self, target: str) -> None:
        self.admission.shed(self.triage.priority(target), self.triage.route(target))

    def refuse_outside(self, request: web.BaseRequest, error: ServiceError) -> web.Response:
        """Answer and measure a request that never reaches the application."""
        span = self.telemetry.tracer.begin_root(f"_OTHER {UNMATCHED}", SpanKind.SERVER)
        request_id = f"{span.trace.trace_id:032x}"
        measure_outside(self.telemetry, span, error.status, request_id)
        return self.bare.response(request, error, request_id)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        protocol = cast("_Protocol", request.protocol)
        ticket = protocol.take_ticket()
        if ticket is not None:
            self.admission.begin(ticket)
        else:  # judged only now: how long it waited for that, nobody knows
            ticket = self.admit(protocol, request.path, request.content)
        if ticket is None:
            return self._too_much(request)
        try:
            return await self._handler(request)
        except web.HTTPException as error:  # raised by aiohttp before any middleware
            return self.refuse_outside(request, error_of(error)())
        finally:
            self.admission.leave(ticket)

    def _too_much(self, request: web.BaseRequest) -> web.StreamResponse:
        self.shed(request.path)
        response = self.bare.response(request, OverloadedError(), uuid4().hex)
        if not request.content.is_eof():
            response.force_close()
        return response


class Runner(web.AppRunner):
    """An AppRunner whose connections speak _Protocol; aiohttp has no public seam for that."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(app, shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, made.request_factory, self.app)
