import secrets
from datetime import UTC, datetime, timedelta

import pytest

from service.errors import LedgerUnavailableError
from service.ledger.request_counts import RequestCounts

NOW = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


async def test_requests_are_counted_by_tenant_and_day(ledger):
    now = NOW
    counts = RequestCounts(ledger, lambda: now)
    first, second = secrets.token_hex(16), secrets.token_hex(16)
    for tenant_id in (first, first, second):
        counts.count(tenant_id)
    assert await counts.days(first, "2026-10") == {}
    await counts.flush()
    now = NOW + timedelta(minutes=1)
    counts.count(first)
    for _ in range(2):
        await counts.flush()
    assert await counts.days(first, "2026-10") == {"2026-10-31": 2}
    assert await counts.days(first, "2026-11") == {"2026-11-01": 1}
    assert await counts.days(second, "2026-10") == {"2026-10-31": 1}


async def test_what_could_not_be_added_is_added_later(open_ledger, own_redis):
    counts = RequestCounts(open_ledger(own_redis.port), lambda: NOW)
    counts.count("00" * 16)
    own_redis.kill()
    for _ in range(2):
        with pytest.raises(LedgerUnavailableError):
            await counts.flush()
    counts.count("00" * 16)
    own_redis.start()
    await counts.flush()
    assert await counts.days("00" * 16, "2026-10") == {"2026-10-31": 2}
