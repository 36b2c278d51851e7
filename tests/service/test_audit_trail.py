import time

import pytest

from service.domain.audit_entry import AuditEntry
from service.errors import ValidationError
from service.ledger.audit_trail import AuditTrail
from service.ledger.tenants import TenantBook


async def test_the_trail_is_paged_newest_first_without_gap_or_repetition(ledger, enroll):
    tenant, _ = await enroll(ledger)
    for number in range(7):
        entry = AuditEntry("key:1", "tenant.updated", str(number))
        await TenantBook(ledger).change(tenant.tenant_id, {"name": f"n{number}"}, entry)
    trail, cursor, seen = AuditTrail(ledger), None, []
    for size in (3, 3, 2):
        records, cursor = await trail.page(tenant.tenant_id, cursor, 3)
        assert len(records) == size
        assert all(abs(record.at.timestamp() - time.time()) < 60 for record in records)
        seen += [record.entry.request_id for record in records]
    assert cursor is None
    assert seen == ["6", "5", "4", "3", "2", "1", "0", "0"]


async def test_a_trail_that_fits_one_page_has_no_next_one(ledger, enroll):
    tenant, _ = await enroll(ledger)
    assert (await AuditTrail(ledger).page(tenant.tenant_id, None, 1))[1] is None
    assert await AuditTrail(ledger).page("00" * 16, None, 1) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "YXVkaXQgMS0", "dXNhZ2UtZGF5IDEtMQ"])
async def test_a_cursor_of_another_list_is_refused(ledger, cursor):
    with pytest.raises(ValidationError):
        await AuditTrail(ledger).page("00" * 16, cursor, 1)
