"""The layout of the ledger in Redis, written once.

A shard is the first byte of the tenant id modulo 16. Its tag stands in braces at the start of every key, so that all
keys that one script touches live in one slot of a Redis Cluster.

    {sNN}:tenants                 set     ids of the shard's tenants
    {sNN}:tenant:<tenant>         hash    the tenant
    {sNN}:key:<key id>            hash    tenant id and digest of an API key
    {sNN}:events                  stream  every accepted event, in order of acceptance
    {sNN}:claims:<tenant>:<day>   hash    event id -> digest of its body; expires 36 days after the event's day
    {sNN}:hours:<tenant>:<month>  hash    <hour>|<event type> -> sum of values
    {sNN}:months:<tenant>         hash    <month>|<event type> -> sum of values

Days, hours and months are those of the event's own timestamp in UTC: 20261123, 2026-11-23T06, 2026-11.
"""

from datetime import datetime, timedelta

SHARDS = 16
CLAIM_RETENTION = timedelta(days=36)


def shard_of(identifier: str) -> int:
    """The shard of a tenant id or API key id."""
    return int(identifier[:2], 16) % SHARDS


def tenants(shard: int) -> str:
    return f"{_tag(shard)}:tenants"


def events(shard: int) -> str:
    return f"{_tag(shard)}:events"


def tenant(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:tenant:{tenant_id}"


def api_key(key_id: str) -> str:
    return f"{_tag(shard_of(key_id))}:key:{key_id}"


def claims(tenant_id: str, instant: datetime) -> str:
    return f"{_tag(shard_of(tenant_id))}:claims:{tenant_id}:{instant:%Y%m%d}"


def hours(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:hours:{tenant_id}:{month}"


def months(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:months:{tenant_id}"


def month_of(instant: datetime) -> str:
    return f"{instant:%Y-%m}"


def hour_of(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H}"


def counter_field(period: str, event_type: str) -> str:
    """The field of an hour or a month in its counter hash."""
    return f"{period}|{event_type}"


def parse_counter_field(name: str) -> tuple[str, str]:
    """Return the period and the event type."""
    period, _, event_type = name.partition("|")
    return period, event_type


def claim_expiry(instant: datetime) -> int:
    """When the claims of the event's day expire, in unix seconds."""
    day_end = instant.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((day_end + CLAIM_RETENTION).timestamp())


def _tag(shard: int) -> str:
    return f"{{s{shard:02d}}}"
