"""Puts the security headers on every response and takes the server's banner off."""

from aiohttp import hdrs, web

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}
PAGE_HEADERS = {
    # What our own pages need and no more: no other host, nothing inline, no text that becomes markup or code.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def secure(_: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` hook, because that also sees the responses that aiohttp makes itself.

    A response that brings a header of that name keeps it: the pages bring PAGE_HEADERS.
    """
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall(hdrs.SERVER, None)
