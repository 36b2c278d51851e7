"""Who a request comes from, where proxies stand before the service."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

X_FORWARDED_FOR, FORWARDED = "x-forwarded-for", "forwarded"
MAX_HOPS = 20
_SUBSCRIBER_BITS = 64
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^;\s]*))', re.IGNORECASE)
_BRACKETED = re.compile(r"\[(?P<address>[0-9A-Fa-f:.]+)\](?::\d+)?")
_WITH_PORT = re.compile(r"(?P<address>\d+\.\d+\.\d+\.\d+)(?::\d+)?")


def client_address(peer: str, header: str, lines: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """The nearest address that is no trusted proxy's; None where the peer has no IP address.

    `lines` are all the values of `header`, the one that the proxies write. They are read from the right, and only as
    far as trusted proxies vouch for them: what a client wrote itself is never reached.
    """
    address = _parse(peer)
    if address is None:
        return None
    for hop in _hops(header, lines):
        if not _is_trusted(address, trusted):
            break
        found = _parse(hop)
        if found is None:
            break
        address = found
    return address


def subscriber(address: Address) -> str:
    """What a limit by address counts by: an IPv4 address, or the IPv6 network that one subscriber has."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _SUBSCRIBER_BITS), strict=False))
    return str(address)


def _hops(header: str, lines: Sequence[str]) -> Iterator[str]:
    """Written hops, the last one first."""
    elements = ",".join(lines).split(",")[: -MAX_HOPS - 1 : -1]
    return _forwarded(elements) if header == FORWARDED else (element.strip() for element in elements)


def _forwarded(elements: Iterable[str]) -> Iterator[str]:
    for element in elements:
        found = _FOR.search(element)
        yield (found["quoted"] or found["plain"] or "") if found else ""


def _parse(text: str) -> Address | None:
    for pattern in (_BRACKETED, _WITH_PORT):
        if found := pattern.fullmatch(text):
            text = found["address"]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
