"""Tells clients where they stand, in both spellings that clients look for.

`RateLimit` and `RateLimit-Policy` are structured fields after draft-ietf-httpapi-ratelimit-headers-10: `q` requests in
`w` seconds, `r` left, the quota whole again in `t` seconds. `X-RateLimit-Reset` says the latter as unix seconds.
"""

import math
from collections.abc import Mapping, Sequence

from service.domain.quota import Standing


def limit_headers(standings: Sequence[Standing], now: float) -> Mapping[str, str]:
    """`now` in unix seconds; X-RateLimit speaks of the quota that has least left."""
    if not standings:
        return {}
    tightest = min(standings, key=lambda standing: (standing.remaining, -standing.retry_seconds))
    return {
        "RateLimit-Policy": ", ".join(map(_policy, standings)),
        "RateLimit": ", ".join(map(_state, standings)),
        "X-RateLimit-Limit": str(tightest.quota.limit),
        "X-RateLimit-Remaining": str(tightest.remaining),
        "X-RateLimit-Reset": str(math.ceil(now + tightest.reset_seconds)),
    }


def retry_after(standings: Sequence[Standing]) -> int:
    """Whole seconds until all of them would admit a request; at least 1."""
    return max(1, *(math.ceil(standing.retry_seconds) for standing in standings))


def _policy(standing: Standing) -> str:
    quota = standing.quota
    return f'"{quota.limiter}";q={quota.limit};w={quota.period_seconds}'


def _state(standing: Standing) -> str:
    return f'"{standing.quota.limiter}";r={standing.remaining};t={math.ceil(standing.reset_seconds)}'
