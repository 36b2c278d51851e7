"""Refuses requests that no honest client sends, before anything is done for them."""

import re

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.errors import MalformedRequestError, UnsupportedMediaTypeError

_HOST = re.compile(r"(?:[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_.-])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HTTP_1_0, _HTTP_1_1 = (1, 0), (1, 1)


def refuse_unsound() -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.version < _HTTP_1_0:
            raise MalformedRequestError("the request has no version of HTTP")
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) > 1 or not all(map(_HOST.fullmatch, hosts)) or (not hosts and request.version >= _HTTP_1_1):
            raise MalformedRequestError("Host must be given once, as a name or an address with or without a port")
        if hdrs.CONTENT_ENCODING in request.headers:
            raise UnsupportedMediaTypeError  # unread: the parser was told not to decompress
        return await handler(request)

    return middleware
