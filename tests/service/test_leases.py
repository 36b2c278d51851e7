import asyncio

import pytest

from service.domain.audit_entry import AuditEntry
from service.domain.tenant import TenantStatus
from service.errors import LeaseBusyError, LeaseLostError, VersionConflictError
from service.ledger import leases
from service.ledger.connection import Ledger, connect
from service.ledger.leases import Leases
from service.ledger.tenants import TenantBook
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import redis_config

TENANT_ID = "0a" * 16
ENTRY = AuditEntry("service", "tenant.status_changed", "")


@pytest.fixture
async def ledger(shared_redis):
    telemetry = create_telemetry(create_resource("test", "test"), [], [])
    ledger = Ledger(connect(redis_config(shared_redis.port)), telemetry)
    yield ledger
    shared_redis.client().flushall()
    await ledger.close()


async def test_one_at_a_time_holds_a_tenant(ledger):
    held = Leases(ledger)
    async with held.held(TENANT_ID):
        assert await held.acquire(TENANT_ID) is None
        assert await held.acquire("0b" * 16) == 1
    assert await held.acquire(TENANT_ID) == 2


async def test_a_lease_ends_by_itself_and_is_not_taken_back_from_its_next_holder(ledger):
    held = Leases(ledger, seconds=0.05)
    first = await held.acquire(TENANT_ID)
    await asyncio.sleep(0.06)
    long = Leases(ledger)
    assert await long.acquire(TENANT_ID) == first + 1
    await held.release(TENANT_ID, first)
    assert await long.acquire(TENANT_ID) is None


async def test_waiting_for_a_lease_is_bounded(ledger, monkeypatch):
    monkeypatch.setattr(leases, "_TRIES", 2)
    held = Leases(ledger)
    async with held.held(TENANT_ID):
        with pytest.raises(LeaseBusyError):
            async with held.held(TENANT_ID):
                pytest.fail("two hold the lease")


async def test_who_waits_gets_the_lease_next(ledger):
    held, order = Leases(ledger), []

    async def hold(name):
        async with held.held(TENANT_ID) as fence:
            order.append((name, fence))
            await asyncio.sleep(0.02)

    await asyncio.gather(hold("a"), hold("b"), hold("c"))
    assert [fence for _, fence in order] == [1, 2, 3]


async def test_only_the_last_holder_may_write(service, ledger):
    tenant_id, _ = await service.tenant()
    book, held = TenantBook(ledger), Leases(ledger, seconds=0.05)
    stale = await held.acquire(tenant_id)
    await asyncio.sleep(0.06)
    fresh = await held.acquire(tenant_id)
    with pytest.raises(LeaseLostError):
        await book.change(tenant_id, {"status": TenantStatus.GRACE}, ENTRY, fence=stale)
    changed = await book.change(tenant_id, {"status": TenantStatus.ACTIVE}, ENTRY, fence=fresh)
    assert (changed.status, changed.version) == (TenantStatus.ACTIVE, 2)


async def test_the_last_holder_does_not_overwrite_what_it_has_not_read(service, ledger):
    tenant_id, _ = await service.tenant()
    book = TenantBook(ledger)
    fence = await Leases(ledger).acquire(tenant_id)
    await book.change(tenant_id, {"name": "Other"}, ENTRY)
    with pytest.raises(VersionConflictError):
        await book.change(tenant_id, {"plan": "starter"}, ENTRY, expected_version=1, fence=fence)
