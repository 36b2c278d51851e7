import asyncio
import secrets
from dataclasses import replace

import pytest

from service.domain.audit_entry import AuditEntry
from service.domain.tenant import Dunning, Plan, TenantStatus
from service.errors import LedgerUnavailableError, NotFoundError, VersionConflictError
from service.ledger.audit_trail import AuditTrail
from service.ledger.tenants import TenantBook

ENTRY = AuditEntry("key:1", "tenant.updated", "7", {"why": "test", "count": 3, "none": None})


async def test_a_tenant_is_read_as_it_was_written(ledger, enroll):
    tenant, _ = await enroll(
        ledger,
        name="Ümlaut & Söhne",
        trial_ends_at=1_800_003_600,
        cancel_at=5,
        canceled_at=6,
        monthly_budget_cents=7,
        dunning=Dunning.LATE,
    )
    assert await TenantBook(ledger).read(tenant.tenant_id) == tenant
    assert await TenantBook(ledger).read("00" * 16) is None


async def test_creating_the_same_tenant_again_changes_nothing(ledger, enroll):
    tenant, key = await enroll(ledger)
    book, trail = TenantBook(ledger), AuditTrail(ledger)
    changed = await book.change(tenant.tenant_id, {"name": "Other"}, ENTRY)
    await book.create(tenant, key, ENTRY)
    assert await book.read(tenant.tenant_id) == changed
    assert len((await trail.page(tenant.tenant_id, None, 10))[0]) == 2


async def test_an_id_that_is_taken_is_never_overwritten(ledger, enroll):
    tenant, key = await enroll(ledger)
    for digest, key_id in ((bytes(32), key.key_id), (key.digest, key.key_id[:2] + secrets.token_hex(15))):
        with pytest.raises(LedgerUnavailableError):
            await TenantBook(ledger).create(tenant, replace(key, key_id=key_id, digest=digest), ENTRY)
    assert await TenantBook(ledger).read(tenant.tenant_id) == tenant


async def test_a_change_raises_the_version_and_tells_what_was_before(ledger, enroll):
    tenant, _ = await enroll(ledger)
    book = TenantBook(ledger)
    changes = {"plan": Plan.PRO, "cancel_at": 17, "status": TenantStatus.GRACE, "name": tenant.name}
    changed = await book.change(tenant.tenant_id, changes, ENTRY)
    assert changed == replace(tenant, version=2, plan=Plan.PRO, cancel_at=17, status=TenantStatus.GRACE)
    undone = await book.change(tenant.tenant_id, {"cancel_at": None}, ENTRY, expected_version=2)
    assert (undone.cancel_at, undone.version) == (None, 3)
    records, _ = await AuditTrail(ledger).page(tenant.tenant_id, None, 2)
    assert records[0].entry == replace(ENTRY, details=ENTRY.details | {"cancel_at.before": 17, "cancel_at.after": None})
    assert records[1].entry.details == ENTRY.details | {
        "plan.before": "starter",
        "plan.after": "pro",
        "cancel_at.before": None,
        "cancel_at.after": 17,
        "status.before": "active",
        "status.after": "grace",
    }


async def test_a_change_that_changes_nothing_leaves_no_trace(ledger, enroll):
    tenant, _ = await enroll(ledger)
    assert await TenantBook(ledger).change(tenant.tenant_id, {"plan": tenant.plan}, ENTRY) == tenant
    assert len((await AuditTrail(ledger).page(tenant.tenant_id, None, 10))[0]) == 1


async def test_a_wrong_version_and_a_missing_tenant_are_refused(ledger, enroll):
    tenant, _ = await enroll(ledger)
    with pytest.raises(VersionConflictError):
        await TenantBook(ledger).change(tenant.tenant_id, {"name": "x"}, ENTRY, expected_version=2)
    with pytest.raises(NotFoundError):
        await TenantBook(ledger).change("00" * 16, {"name": "x"}, ENTRY)
    with pytest.raises(ValueError, match="created_at"):
        await TenantBook(ledger).change(tenant.tenant_id, {"created_at": 1}, ENTRY)
    assert await TenantBook(ledger).read(tenant.tenant_id) == tenant


async def test_of_many_changes_of_one_version_one_wins(ledger, enroll):
    tenant, _ = await enroll(ledger)
    book = TenantBook(ledger)
    attempts = (book.change(tenant.tenant_id, {"name": f"n{n}"}, ENTRY, expected_version=1) for n in range(8))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Tenant"] + ["VersionConflictError"] * 7
