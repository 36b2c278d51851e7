"""URLs that a browser is sent back to: well-formed, and of an origin that the operator has named.

Only a narrow grammar is read, so that no two programs can disagree about where the host ends: no credentials, no
fragment, no backslash, nothing outside ASCII. Scheme, host and port are then compared as a whole, never by prefix.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from service.domain.schema import Text
from service.errors import FieldError

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]"
_PORT = "[1-9][0-9]{0,4}"
_REST = r"(?:[/?](?:[A-Za-z0-9._~!$&'()*+,;=:@%/?-]|\{CHECKOUT_SESSION_ID\})*)?"
_PATTERN = rf"(?:https?)://(?:{_HOST})(?::{_PORT})?{_REST}"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>{_PORT}))?(?=[/?]|$)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}

RETURN_URL = Text(
    2000,
    min_length=8,
    pattern=_PATTERN,
    about="Where the browser goes afterwards; of an origin that the operator of the service has allowed.",
    says="must be an http or https URL in ASCII without credentials, backslashes or fragment",
)


def foreign_urls(urls: Mapping[str, str], allowed_origins: Collection[str]) -> Iterator[FieldError]:
    """Yield a fault for each URL of another origin; `urls` maps fields to what follows RETURN_URL."""
    allowed = {origin_of(origin) for origin in allowed_origins}
    for field, url in urls.items():
        if origin_of(url) not in allowed:
            yield FieldError(field, "must have one of the origins that this service allows")


def is_origin(text: str) -> bool:
    """True for scheme, host and perhaps a port, with nothing behind them."""
    return _ORIGIN.fullmatch(text) is not None


def origin_of(url: str) -> str:
    """Return scheme, host and port in the one spelling that browsers compare; raises ValueError."""
    match = _ORIGIN.match(url)
    if match is None:
        raise ValueError(f"{url!r} has no origin; expected http or https, a host and perhaps a port")
    scheme, host, port = match.group("scheme", "host", "port")
    return f"{scheme}://{host.lower()}:{port or _DEFAULT_PORTS[scheme]}"
