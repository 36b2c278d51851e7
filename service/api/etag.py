"""Optimistic concurrency: a resource's version is its ETag (RFC 9110, section 13)."""

from aiohttp import hdrs, web
from aiohttp.helpers import ETAG_ANY

from service.errors import PreconditionFailedError


def tag_of(version: int) -> str:
    """The ETag header of a version."""
    return f'"{version}"'


def require_match(request: web.Request, version: int) -> None:
    """Raises PreconditionFailedError if the request is meant for another version."""
    if hdrs.IF_MATCH not in request.headers:
        return
    wanted = request.if_match or ()
    if not any(tag.value == ETAG_ANY or (not tag.is_weak and tag.value == str(version)) for tag in wanted):
        raise PreconditionFailedError


def is_known(request: web.Request, version: int) -> bool:
    """True if the client has said that it already holds this version."""
    held = request.if_none_match
    return held is not None and any(tag.value in (ETAG_ANY, str(version)) for tag in held)
