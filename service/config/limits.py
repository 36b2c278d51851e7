"""What an operator may set about limits; those of the plans are in the catalogue."""

import ipaddress
from dataclasses import dataclass

from service.config.environment import Environment
from service.config.reader import Reader
from service.domain.client_address import FORWARDED, X_FORWARDED_FOR, Network

_ANY = 100_000_000


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """`calls_multiplier` raises every plan's calls a minute alike, for load tests.

    `trusted_proxies` write `proxy_header`; nobody else's is read.
    """

    calls_multiplier: int
    address_requests_per_minute: int
    signups_per_hour: int
    failed_authentications_per_minute: int
    trusted_proxies: tuple[Network, ...]
    proxy_header: str


def read_limits(reader: Reader, environment: Environment) -> LimitsConfig:
    multiplier = reader.integer("RATE_LIMIT_CALLS_MULTIPLIER", 1, 1_000_000)
    if environment is Environment.PRODUCTION and multiplier > 1:
        reader.reject("RATE_LIMIT_CALLS_MULTIPLIER", "must be 1 in production: plans promise their limits")
    return LimitsConfig(
        calls_multiplier=multiplier,
        address_requests_per_minute=reader.integer("RATE_LIMIT_ADDRESS_PER_MINUTE", 1, _ANY),
        signups_per_hour=reader.integer("RATE_LIMIT_SIGNUPS_PER_HOUR", 1, _ANY),
        failed_authentications_per_minute=reader.integer("RATE_LIMIT_FAILED_AUTH_PER_MINUTE", 1, _ANY),
        trusted_proxies=_trusted_proxies(reader),
        proxy_header=reader.choice("TRUSTED_PROXY_HEADER", (X_FORWARDED_FOR, FORWARDED)),
    )


def _trusted_proxies(reader: Reader) -> tuple[Network, ...]:
    texts = [text.strip() for text in reader.text("TRUSTED_PROXIES").split(",") if text.strip()]
    networks = [_network(text) for text in texts]
    trusted = tuple(network for network in networks if network is not None and network.prefixlen > 0)
    if len(trusted) < len(texts):
        reader.reject("TRUSTED_PROXIES", "must be networks such as 10.0.0.0/8, separated by commas, and not everyone")
    return trusted


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
