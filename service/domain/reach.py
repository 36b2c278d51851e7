"""Which addresses the service may connect to.

`ipaddress.is_global` does not serve: it lets pass addresses that carry a private one inside, as translators and tunnels
read them.
"""

import ipaddress
from enum import StrEnum

from service.domain.client_address import Address

_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_SPECIAL_V6 = tuple(
    map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)  # protocol assignments with Teredo and ORCHID, documentation, 6to4, documentation
_LOCAL = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
_LOCAL_V6 = tuple(map(ipaddress.ip_network, ("::1/128", "fc00::/7")))
_RELAY = ipaddress.ip_network("192.88.99.0/24")


class Reach(StrEnum):
    """How far: to public addresses only, or also to private ones and this machine, where an operator named them."""

    PUBLIC = "public"
    CONFIGURED = "configured"


def may_reach(address: str, reach: Reach) -> bool:
    """Whether an address, as a socket names it, may be connected to; what is no address may not."""
    try:
        parsed = _plain(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return _is_public(parsed) or (reach is Reach.CONFIGURED and _is_local(parsed))


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)
    return address.is_global and not address.is_multicast and address not in _RELAY


def _is_local(address: Address) -> bool:
    """Never link-local: there the clouds hand out their credentials."""
    return any(address in network for network in (*_LOCAL, *_LOCAL_V6))
