"""The way out: every connection to a host by name is judged by the address that it is really made to."""

import json
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
import stripe

from service.domain.reach import Reach, may_reach

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Of Stripe: a page of 100 invoices with their lines stays below a tenth of it."""
MAX_ERROR_BYTES = 64 * 1024
"""Of an answer that is an error; Stripe's are a few hundred bytes, and some of it goes into the logs."""

AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class ForbiddenAddressError(OSError):
    """A name led to an address that nothing of this service may talk to."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(f"the name leads to an address that is not {reach}")


def guarded_socket(reach: Reach) -> Callable[[AddressInfo], socket.socket]:
    """A socket factory for aiohttp: it is given each address that is tried, after the name was resolved."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not may_reach(str(address[0]), reach):
            raise ForbiddenAddressError(reach)
        return socket.socket(family, kind, protocol)

    return make


class StripeHttpClient(stripe.AIOHTTPClient):
    """Stripe's own client behind the guard; its session begins with the first call.

    No redirect is followed, and an answer that is too large or not of Stripe's form counts as none, because the client
    would stumble over it later.
    """

    def __init__(self, timeout: aiohttp.ClientTimeout, reach: Reach) -> None:
        super().__init__(timeout=timeout)
        self._reach = reach

    @property
    def _session(self) -> aiohttp.ClientSession:
        session: aiohttp.ClientSession | None = self._cached_session
        if session is None:
            context = ssl.create_default_context(cafile=stripe.ca_bundle_path)
            connector = aiohttp.TCPConnector(ssl=context, socket_factory=guarded_socket(self._reach))
            session = aiohttp.ClientSession(connector=connector)
            self.__dict__["_cached_session"] = session
        return session

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        arguments, options = self._get_request_args_kwargs(method, url, headers, post_data)
        try:
            async with self._session.request(*arguments, allow_redirects=False, **options) as response:
                is_error = response.status >= HTTPStatus.BAD_REQUEST
                body = await _bounded(response.content, MAX_ERROR_BYTES if is_error else MAX_ANSWER_BYTES)
        except Exception as error:  # noqa: BLE001 - as the client itself does, it names every failure alike
            self._handle_request_error(error)
        if not is_sound(response.status, body):
            raise _unsound(response)
        return body, response.status, response.headers


async def _bounded(content: aiohttp.StreamReader, limit: int) -> bytes:
    """The whole body, as far as it is allowed to go; what is cut there is no JSON any more."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > limit:
            break
    return bytes(body[:limit])


def _unsound(response: aiohttp.ClientResponse) -> stripe.APIConnectionError:
    """As if nothing had been answered; of an outage, the status and what it says of a retry stay."""
    told = f"the answer ({response.status}) is not of Stripe's form"
    if response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return stripe.APIConnectionError(told)  # type: ignore[no-untyped-call]
    return stripe.APIConnectionError(told, http_status=response.status, headers=response.headers)  # type: ignore[no-untyped-call]


def is_sound(status: int, body: bytes) -> bool:
    """Whether an answer is an object of Stripe's, or an error as Stripe describes them."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    if status >= HTTPStatus.BAD_REQUEST:
        return isinstance(document.get("error"), dict)
    return status < HTTPStatus.MULTIPLE_CHOICES and isinstance(document.get("object"), str)


def connect_guarded(host: str, port: int, timeout: float | None, reach: Reach) -> socket.socket:
    """Connect to the first address of the host that may be reached and answers; raises OSError."""
    error: OSError = ForbiddenAddressError(reach)
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not may_reach(str(address[0]), reach):
            continue
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(timeout)
            made.connect(address)
        except OSError as failure:
            made.close()
            error = failure
            continue
        return made
    raise error


class GuardedSmtp(smtplib.SMTP):
    """Speaks to what may be reached only."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect_guarded(host, port, timeout, Reach.CONFIGURED)


class GuardedSmtpSsl(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte on."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = connect_guarded(host, port, timeout, Reach.CONFIGURED)
        return self.context.wrap_socket(plain, server_hostname=host)
