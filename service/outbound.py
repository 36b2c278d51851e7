"""The way out: every connection to a host by name is judged by the address that it is really made to."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import stripe

from service.domain.reach import Reach, may_reach

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
    """Stripe's own client behind the guard; its session begins with the first call."""

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
