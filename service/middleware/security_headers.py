"""Puts the security headers on every response and takes the server's banner off."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from aiohttp import hdrs, web

from service.config import WebConfig
from service.middleware.cross_origin import cross_origin_headers

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)
PAGE_HEADERS = {
    # What our own pages need and no more: no other host, nothing inline, no text that becomes markup or code.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
"""Where clients come by https: for two years they come by nothing else."""


def security_headers(web_config: WebConfig) -> Mapping[str, str]:
    """Those of every response of a service that is reached in this way."""
    if not web_config.public_url.startswith("https://"):
        return SECURITY_HEADERS
    return {**SECURITY_HEADERS, hdrs.STRICT_TRANSPORT_SECURITY: STRICT_TRANSPORT}


def dress(
    request: web.BaseRequest, response: web.StreamResponse, headers: Mapping[str, str], origins: frozenset[str]
) -> None:
    """A response that brings a header of that name keeps it: the pages bring PAGE_HEADERS."""
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    response.headers.update(cross_origin_headers(request, origins))
    response.headers.popall(hdrs.SERVER, None)


def secure(web_config: WebConfig) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """An `on_response_prepare` hook, because that also sees the responses that aiohttp makes itself."""
    headers = security_headers(web_config)

    async def hook(request: web.Request, response: web.StreamResponse) -> None:
        dress(request, response, headers, web_config.allowed_origins)

    return hook
