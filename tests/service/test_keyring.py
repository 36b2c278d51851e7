import asyncio
import secrets
from dataclasses import replace

import pytest

from service.domain.api_key import Scope
from service.domain.audit_entry import AuditEntry
from service.errors import LastKeyError, NotFoundError, TooManyKeysError, VersionConflictError
from service.ledger.admission import KeyGate
from service.ledger.audit_trail import AuditTrail
from service.ledger.keyring import MAX_LIVE_KEYS, Keyring
from service.ledger.stored_key import StoredKey

NOW = 1_800_000_000
ENTRY = AuditEntry("key:0", "key.created", "0", {"key_id": "0"})


def another(key, **changes):
    fresh = {"key_id": key.key_id[:2] + secrets.token_hex(15), "digest": secrets.token_bytes(32), "created_at": NOW}
    return replace(key, **{**fresh, **changes})


@pytest.fixture
async def ring(ledger, enroll):
    tenant, key = await enroll(ledger)
    return Keyring(ledger), KeyGate(ledger), tenant.tenant_id, key


async def actions(ledger, tenant_id):
    return [record.entry.action for record in (await AuditTrail(ledger).page(tenant_id, None, 100))[0]]


async def test_only_the_key_itself_is_admitted_and_its_use_is_noted_once_a_minute(ring):
    keyring, gate, tenant_id, key = ring
    assert await gate.admit(key.key_id, NOW, bytes(32)) is None
    assert await gate.admit("00" * 16, NOW, key.digest) is None
    assert (await keyring.all_of(tenant_id))[0].last_used_at is None
    seen = []
    for now in (NOW, NOW + 59, NOW + 60):
        assert await gate.admit(key.key_id, now, key.digest) == replace(key, last_used_at=now - (now - NOW) % 60)
        seen.append((await keyring.all_of(tenant_id))[0].last_used_at)
    assert seen == [NOW, NOW, NOW + 60]


async def test_a_key_is_admitted_until_it_expires_or_is_revoked(ring):
    keyring, gate, tenant_id, key = ring
    short = another(key, expires_at=NOW + 10, scopes=frozenset({Scope.USAGE_WRITE}), label="a b")
    await keyring.add(short, ENTRY)
    assert (await gate.admit(short.key_id, NOW + 9, short.digest)).scopes == {Scope.USAGE_WRITE}
    assert await gate.admit(short.key_id, NOW + 10, short.digest) is None
    await keyring.add(other := another(key), ENTRY)
    await keyring.revoke(tenant_id, other.key_id, NOW, ENTRY)
    assert await gate.admit(other.key_id, NOW, other.digest) is None
    listed = await keyring.all_of(tenant_id)
    assert {each.key_id for each in listed} == {key.key_id, short.key_id, other.key_id}
    assert [each.created_at for each in listed] == [NOW, NOW, key.created_at]


async def test_adding_twice_changes_nothing_and_revoking_twice_neither(ring, ledger):
    keyring, _gate, tenant_id, key = ring
    added = another(key)
    for _ in range(2):
        await keyring.add(added, ENTRY)
    revoked = replace(ENTRY, action="key.revoked")
    first = await keyring.revoke(tenant_id, added.key_id, NOW, revoked)
    assert await keyring.revoke(tenant_id, added.key_id, NOW + 5, revoked) == first
    assert first.revoked_at == NOW
    assert await actions(ledger, tenant_id) == ["key.revoked", "key.created", "tenant.created"]


async def test_the_last_live_key_that_manages_keys_stays(ring):
    keyring, _gate, tenant_id, key = ring
    await keyring.add(another(key, scopes=frozenset({Scope.USAGE_WRITE})), ENTRY)
    await keyring.add(another(key, expires_at=NOW), ENTRY)
    with pytest.raises(LastKeyError):
        await keyring.revoke(tenant_id, key.key_id, NOW, ENTRY)
    await keyring.add(second := another(key), ENTRY)
    await keyring.revoke(tenant_id, key.key_id, NOW, ENTRY)
    with pytest.raises(LastKeyError):
        await keyring.revoke(tenant_id, second.key_id, NOW, ENTRY)


async def test_somebody_elses_key_is_not_found(ring, ledger, enroll):
    keyring, gate, tenant_id, key = ring
    _, foreign = await enroll(ledger, tenant_id=tenant_id[:2] + secrets.token_hex(15))
    for attempt in (
        keyring.revoke(tenant_id, foreign.key_id, NOW, ENTRY),
        keyring.revoke_all_but(tenant_id, foreign.key_id, NOW, ENTRY),
        keyring.rotate(tenant_id, foreign.key_id, another(key), NOW, ENTRY),
    ):
        with pytest.raises(NotFoundError):
            await attempt
    assert await gate.admit(foreign.key_id, NOW, foreign.digest) is not None


async def test_all_other_live_keys_are_revoked_together(ring):
    keyring, _gate, tenant_id, key = ring
    added = [another(key) for _ in range(3)]
    for each in added:
        await keyring.add(each, ENTRY)
    await keyring.revoke(tenant_id, added[2].key_id, NOW, ENTRY)
    gone = await keyring.revoke_all_but(tenant_id, added[0].key_id, NOW, ENTRY)
    assert sorted(gone) == sorted([key.key_id, added[1].key_id])
    assert [each.key_id for each in await keyring.all_of(tenant_id) if each.is_live(NOW)] == [added[0].key_id]
    assert await keyring.revoke_all_but(tenant_id, added[0].key_id, NOW, ENTRY) == []


async def test_a_rotated_key_ends_at_the_given_time_at_the_latest(ring, ledger):
    keyring, gate, tenant_id, key = ring
    successor = another(key)
    for _ in range(2):
        await keyring.rotate(tenant_id, key.key_id, successor, NOW + 100, replace(ENTRY, action="key.rotated"))
    assert await gate.admit(key.key_id, NOW + 99, key.digest) is not None
    assert await gate.admit(key.key_id, NOW + 100, key.digest) is None
    assert await gate.admit(successor.key_id, NOW + 100, successor.digest) is not None
    assert (await actions(ledger, tenant_id)).count("key.rotated") == 1
    short = another(key, expires_at=NOW + 10)
    await keyring.add(short, ENTRY)
    await keyring.rotate(tenant_id, short.key_id, another(key), NOW + 100, ENTRY)
    assert await gate.admit(short.key_id, NOW + 10, short.digest) is None
    with pytest.raises(NotFoundError):
        await keyring.rotate(tenant_id, short.key_id, another(key, created_at=NOW + 10), NOW + 100, ENTRY)


async def test_a_tenant_has_room_for_a_limited_number_of_live_keys(ring):
    keyring, _gate, tenant_id, key = ring
    await keyring.add(another(key, expires_at=NOW), ENTRY)
    for _ in range(MAX_LIVE_KEYS - 1):
        await keyring.add(another(key), ENTRY)
    with pytest.raises(TooManyKeysError):
        await keyring.add(another(key), ENTRY)
    await keyring.rotate(tenant_id, key.key_id, successor := another(key), NOW + 100, ENTRY)
    with pytest.raises(TooManyKeysError):
        await keyring.rotate(tenant_id, successor.key_id, another(key), NOW + 100, ENTRY)


async def test_of_many_who_change_keys_at_once_none_breaks_a_rule(ring):
    keyring, _gate, tenant_id, key = ring
    await keyring.add(second := another(key), ENTRY)
    attempts = (keyring.revoke(tenant_id, each.key_id, NOW, ENTRY) for each in [key, second] * 3)
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert {type(answer) for answer in answers} <= {StoredKey, LastKeyError, VersionConflictError}
    assert len([each for each in await keyring.all_of(tenant_id) if each.manages_keys(NOW)]) == 1
