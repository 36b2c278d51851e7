"""Answers to requests that never reach the application; they carry the same headers as all others."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from itertools import count
from time import time
from uuid import uuid4
from wsgiref.handlers import format_date_time

from aiohttp import hdrs, web

from service.config import WebConfig
from service.errors import OverloadedError, ServiceError
from service.middleware.errors import problem_response
from service.middleware.security_headers import dress, security_headers

_PLACE = "0" * 32
"""Stands for the request's id in a prepared answer."""


_PLACE_BYTES = _PLACE.encode()
_IDS = count(uuid4().int >> 1)
"""Ids of prepared answers: different from process to process, and cheap."""


class _Response(web.Response):
    """Takes off the server's banner by itself, because the application's hooks do not see it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall(hdrs.SERVER, None)


class BareAnswers:
    def __init__(self, web_config: WebConfig) -> None:
        self._headers = security_headers(web_config)
        self._origins = web_config.allowed_origins
        self._refusal = {
            (has_body, must_close): self._bytes(OverloadedError(), has_body=has_body, must_close=must_close)
            for has_body in (False, True)
            for must_close in (False, True)
        }

    def response(self, request: web.BaseRequest, error: ServiceError, request_id: str) -> web.Response:
        problem = problem_response(error, request_id)
        headers = {**problem.headers, "X-Request-Id": request_id}
        response = _Response(body=problem.body, status=problem.status, headers=headers)
        dress(request, response, self._headers, self._origins)
        return response

    def refusal(self, has_body: bool, must_close: bool) -> bytes:
        """The whole answer to a request that there is no room for, prepared but for its id and the date."""
        return _filled(self._refusal[has_body, must_close])

    def last_words(self, error: ServiceError) -> bytes:
        """The whole answer before a connection is closed."""
        return _filled(self._bytes(error, has_body=True, must_close=True))

    def _bytes(self, error: ServiceError, *, has_body: bool, must_close: bool) -> tuple[bytes, bytes]:
        """What stands before and after the date; the id's place is in the latter only."""
        problem = problem_response(error, _PLACE)
        body = bytes(problem.body) if isinstance(problem.body, bytes) else b""
        headers: Mapping[str, str] = {
            **problem.headers,
            **self._headers,
            "Vary": "Origin",
            "X-Request-Id": _PLACE,
            "Content-Length": str(len(body)),
            **({"Connection": "close"} if must_close else {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\nDate: "
        return start.encode(), f"\r\n{lines}\r\n".encode() + (body if has_body else b"")


def _filled(parts: tuple[bytes, bytes]) -> bytes:
    start, rest = parts
    return start + _date(int(time())) + rest.replace(_PLACE_BYTES, b"%032x" % next(_IDS))


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return format_date_time(second).encode()
