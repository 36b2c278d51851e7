"""The layout of the ledger in Redis, written once.

A shard is the first byte of the tenant id modulo 16. Its tag stands in braces at the start of every key, so that all
keys that one script touches live in one slot of a Redis Cluster.

    {sNN}:tenants                 set     ids of the shard's tenants
    {sNN}:tenant:<tenant>         hash    the tenant
    {sNN}:trail:<tenant>          stream  who changed what, in order
    {sNN}:keyring:<tenant>        hash    ids of the tenant's API keys, and the number of changes to them
    {sNN}:key:<key id>            hash    an API key, as its digest
    {sNN}:nobody                  hash    a revoked API key of nobody's, read in the place of unknown ones
    {sNN}:lease:<tenant>          string  the fence of who decides on the tenant's standing now; expires
    {sNN}:fence:<tenant>          string  number of leases that there have been
    {sNN}:noted:<tenant>:<event>  string  the trail has an entry for this event of Stripe's; expires
    {sNN}:reviews                 zset    tenants by the time at which their standing is looked at again
    {sNN}:events                  stream  the journal: every change of money or identity, in order (see journal.py)
    {sNN}:archive                 hash    how far the journal is archived
    {sNN}:lease                   hash    the fence and the name of the worker that the shard belongs to now; expires
    {sNN}:fence                   string  the last fence of the shard
    {sNN}:unsealed                hash    <tenant>|<event type>|<hour> -> billed units in no intent yet; never 0
    {sNN}:asked                   hash    the same -> trace context of a request that reported part of them
    {sNN}:seqs:<tenant>:<month>   hash    <hour>|<event type> -> number of intents that there have been
    {sNN}:intents                 hash    intent id -> the intent and its sending, until it is delivered or dropped
    {sNN}:outbox                  zset    intents that are to be sent, by when that is due
    {sNN}:unsent                  zset    the same intents, by their timestamp
    {sNN}:dead                    zset    intents that were given up
    {sNN}:sent:<tenant>:<month>   hash    <hour>|<event type> -> units that Stripe has
    {sNN}:dropped:<tenant>:<month> hash   <hour>|<event type> -> units that Stripe will never have
    {sNN}:claims:<tenant>:<day>   hash    event id -> digest of its body; expires 36 days after the event's day
    {sNN}:corrections:<tenant>    hash    correction id -> digest of its body and what it did
    {sNN}:hours:<tenant>:<month>  hash    <hour>|<event type> -> sum of values
    {sNN}:months:<tenant>         hash    <month>|<event type> -> sum of values
    {sNN}:billed:<tenant>:<month> hash    <hour>|<event type> and <month>|<event type> -> sum of billed values
    {sNN}:trial:<tenant>          hash    <event type> -> sum of values that the trial covers
    {sNN}:spend:<tenant>          hash    <day of acceptance> -> list price of what was accepted, in micro-cents
    {sNN}:requests:<tenant>       hash    <day> -> requests that were answered
    {sNN}:idempotency:<key hash>  hash    a request under an Idempotency-Key, and its answer; expires
    {sNN}:burnt:<token digest>    string  a session that was ended before its time; expires
    {sNN}:pending:<token digest>  string  a sign-up that waits for its e-mail address to be confirmed; expires
    {sNN}:quota:<limiter>:<who>   string  when a quota is whole again, in microseconds; expires, and is never synced

Webhooks come before it is known whose they are, so they have a tag of their own:

    {webhooks}:seen:<event>       string  an event of Stripe's that has come; expires
    {webhooks}:queue              stream  events that a worker has to deal with
    {webhooks}:postponed          zset    events that are tried again, by time
    {webhooks}:dead               stream  events that were given up, with the reason

What the workers share belongs to no shard:

    {workers}:members             zset    workers by the time until which they are taken to be alive
    {stripe}:tokens               string  when the bucket of calls to Stripe is full again; expires
    {replay}:unfinished           string  when the replay began that is under way or was broken off

Hours and months, and the days of claims, are those of the event's own timestamp in UTC; billed ones are those in which
it is billed. They are spelled 2026-11-23T06, 2026-11 and 2026-11-23, the days of claims 20261123.
"""

from datetime import datetime, timedelta

SHARDS = 16
WEBHOOK_QUEUE = "{webhooks}:queue"
WEBHOOKS_POSTPONED = "{webhooks}:postponed"
WEBHOOKS_DEAD = "{webhooks}:dead"
WORKERS = "{workers}:members"
STRIPE_TOKENS = "{stripe}:tokens"
REPLAY = "{replay}:unfinished"
CLAIM_RETENTION = timedelta(days=36)


def shard_of(identifier: str) -> int:
    """The shard of a tenant id or API key id."""
    return int(identifier[:2], 16) % SHARDS


def tenants(shard: int) -> str:
    return f"{_tag(shard)}:tenants"


def events(shard: int) -> str:
    return f"{_tag(shard)}:events"


def archive(shard: int) -> str:
    return f"{_tag(shard)}:archive"


def shard_lease(shard: int) -> str:
    return f"{_tag(shard)}:lease"


def shard_fence(shard: int) -> str:
    return f"{_tag(shard)}:fence"


def unsealed(shard: int) -> str:
    return f"{_tag(shard)}:unsealed"


def asked(shard: int) -> str:
    return f"{_tag(shard)}:asked"


def seqs(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:seqs:{tenant_id}:{month}"


def intents(shard: int) -> str:
    return f"{_tag(shard)}:intents"


def outbox(shard: int) -> str:
    return f"{_tag(shard)}:outbox"


def unsent(shard: int) -> str:
    return f"{_tag(shard)}:unsent"


def dead(shard: int) -> str:
    return f"{_tag(shard)}:dead"


def sent(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:sent:{tenant_id}:{month}"


def dropped(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:dropped:{tenant_id}:{month}"


def tenant(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:tenant:{tenant_id}"


def trail(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:trail:{tenant_id}"


def keyring(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:keyring:{tenant_id}"


def api_key(key_id: str) -> str:
    return f"{_tag(shard_of(key_id))}:key:{key_id}"


def nobodys_key(shard: int) -> str:
    return f"{_tag(shard)}:nobody"


def claims(tenant_id: str, instant: datetime) -> str:
    return f"{_tag(shard_of(tenant_id))}:claims:{tenant_id}:{instant:%Y%m%d}"


def hours(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:hours:{tenant_id}:{month}"


def months(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:months:{tenant_id}"


def corrections(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:corrections:{tenant_id}"


def billed(tenant_id: str, month: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:billed:{tenant_id}:{month}"


def trial(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:trial:{tenant_id}"


def spend(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:spend:{tenant_id}"


def requests(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:requests:{tenant_id}"


def idempotency(shard_id: str, key_hash: str) -> str:
    return f"{_tag(shard_of(shard_id))}:idempotency:{key_hash}"


def pending_signup(token_digest: str) -> str:
    return f"{_tag(shard_of(token_digest))}:pending:{token_digest}"


def burnt_session(token_digest: str) -> str:
    return f"{_tag(shard_of(token_digest))}:burnt:{token_digest}"


def quota(shard_id: str, limiter: str, subject: str) -> str:
    return f"{_tag(shard_of(shard_id))}:quota:{limiter}:{subject}"


def lease(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:lease:{tenant_id}"


def fence(tenant_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:fence:{tenant_id}"


def noted(tenant_id: str, event_id: str) -> str:
    return f"{_tag(shard_of(tenant_id))}:noted:{tenant_id}:{event_id}"


def reviews(shard: int) -> str:
    return f"{_tag(shard)}:reviews"


def webhook_seen(event_id: str) -> str:
    return f"{{webhooks}}:seen:{event_id}"


def month_of(instant: datetime) -> str:
    return f"{instant:%Y-%m}"


def day_of(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"


def hour_of(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H}"


def counter_field(period: str, event_type: str) -> str:
    """The field of an hour or a month in its counter hash."""
    return f"{period}|{event_type}"


def parse_counter_field(name: str) -> tuple[str, str]:
    """Return the period and the event type."""
    period, _, event_type = name.partition("|")
    return period, event_type


def unsealed_field(tenant_id: str, event_type: str, hour: str) -> str:
    return f"{tenant_id}|{event_type}|{hour}"


def parse_unsealed_field(name: str) -> tuple[str, str, str]:
    """Return the tenant id, the event type and the hour."""
    tenant_id, event_type, hour = name.split("|")
    return tenant_id, event_type, hour


def claim_expiry(instant: datetime) -> int:
    """When the claims of the event's day expire, in unix seconds."""
    day_end = instant.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((day_end + CLAIM_RETENTION).timestamp())


def _tag(shard: int) -> str:
    return f"{{s{shard:02d}}}"
