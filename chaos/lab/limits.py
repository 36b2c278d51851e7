"""Rate limits of a service under load: all of it comes from one address, and few tenants stand for many.

The limiter works as in production, at the same cost; only its figures are out of reach.
"""

from collections.abc import Mapping
from types import MappingProxyType

AMPLE: Mapping[str, str] = MappingProxyType(
    {
        "RATE_LIMIT_CALLS_MULTIPLIER": "1000",
        "RATE_LIMIT_ADDRESS_PER_MINUTE": "10000000",
        "RATE_LIMIT_SIGNUPS_PER_HOUR": "10000000",
        "RATE_LIMIT_FAILED_AUTH_PER_MINUTE": "1000000",
    }
)
