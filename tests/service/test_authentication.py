from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.admission import CACHE_SECONDS, Admissions
from service.authenticator import Authenticator
from service.domain import api_key
from service.domain.api_key import Scope
from service.errors import UnauthorizedError
from service.ledger.keyring import StoredKey

PATH = "/usage/report"


async def refusal(service, authorization):
    headers = {"Authorization": authorization} if authorization is not None else {}
    async with service.http.post(PATH, json={}, headers=headers) as response:
        body = await response.json()
        body.pop("request_id")
        return response.status, response.headers["WWW-Authenticate"], body


async def test_every_kind_of_bad_key_gets_one_answer(service):
    tenant_id, headers = await service.tenant()
    good = headers["Authorization"]
    unknown = api_key.issue(tenant_id, 1_700_000_000, bytes(16), bytes(32)).text
    key_id = good.split("_")[2]
    forged = api_key.issue(tenant_id, 1_700_000_000, bytes.fromhex(key_id), bytes(32)).text
    presented = [None, "", "Bearer", "Basic abc", good[:-1], good + "x", good.swapcase(), "Bearer é"]
    answers = [await refusal(service, each) for each in [*presented, f"Bearer {unknown}", f"Bearer {forged}"]]
    assert answers[0][:2] == (401, "Bearer")
    assert all(answer == answers[0] for answer in answers)


async def test_a_malformed_key_is_never_looked_up(service):
    await refusal(service, "Bearer c2pa_1_nonsense")
    asked = {dict(point)["db.operation.name"] for point in service.points("db.client.operation.duration")}
    assert asked == {"take_quota"}


async def test_somebody_elses_resource_looks_like_a_missing_one(service):
    _, headers = await service.tenant()
    other, _ = await service.tenant()
    for path in ("/tenants/", "/usage/"):
        answers = [await service.get(path + name, headers) for name in (other, "0" * 32, "nonsense")]
        for _, body in answers:
            body.pop("request_id")
        assert answers[0][0] == 404
        assert all(answer == answers[0] for answer in answers)


class Ring:
    """A keyring with one key, which can be taken away."""

    def __init__(self, stored):
        self.stored = stored
        self.reads = 0

    async def admit(self, key_id, now, *presented):
        self.reads += 1
        known = self.stored is not None and key_id == self.stored.key_id and self.stored.digest in presented
        return self.stored if known and self.stored.is_live(now) else None


KEY = api_key.issue("00" * 16, 1, bytes(16), bytes(32))
PRESENTED = f"Bearer {KEY.text}"


class Door:
    """An authenticator with one key; `now` is the time, of which the memory's clock is independent."""

    def __init__(self, expires_at=None):
        digest = api_key.digest(KEY, b"pepper")
        self.ring = Ring(StoredKey(KEY.key_id, "tenant", digest, frozenset(Scope), "key", 1, expires_at))
        self.now = datetime.fromtimestamp(1_000_000, UTC)
        self.elapsed = 0.0
        memory = Admissions(lambda: self.elapsed)
        self.authenticator = Authenticator(self.ring, None, None, (b"pepper",), lambda: self.now, memory)

    async def opens(self):
        try:
            return (await self.authenticator.admit(PRESENTED)).tenant_id == "tenant"
        except UnauthorizedError:
            return False


async def test_a_success_is_remembered_for_a_second_and_no_longer():
    door = Door()
    for door.elapsed in (0.0, CACHE_SECONDS - 0.01):
        assert await door.opens()
    assert door.ring.reads == 1
    door.ring.stored, door.elapsed = None, CACHE_SECONDS
    assert not await door.opens()


async def test_what_is_remembered_ends_with_the_key():
    door = Door(expires_at=1_000_001)
    assert await door.opens()
    door.now += timedelta(seconds=1)
    assert not await door.opens()
    assert door.ring.reads == 1


async def test_a_forgotten_key_is_looked_up_again():
    door = Door()
    assert await door.opens()
    door.ring.stored = None
    door.authenticator.forget("another")
    assert await door.opens()
    door.authenticator.forget(KEY.key_id)
    assert not await door.opens()


async def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("service.admission._CACHE_SIZE", 1)
    door = Door()
    assert await door.opens()
    other = api_key.issue("00" * 16, 2, bytes(16), bytes(32))
    door.ring.stored = replace(door.ring.stored, digest=api_key.digest(other, b"pepper"))
    assert await door.authenticator.admit(f"Bearer {other.text}")
    assert not await door.opens()


async def test_ended_keys_get_the_same_answer(service):
    tenant_id, headers = await service.tenant()
    ended = []
    for change in ({"expires_in_days": 1}, {}):
        body = {"label": "ends", **change}
        async with service.http.post(f"/tenants/{tenant_id}/keys", json=body, headers=headers) as response:
            ended.append(await response.json())
    async with service.http.delete(f"/tenants/{tenant_id}/keys/{ended[0]['key_id']}", headers=headers) as response:
        assert response.status == 200
    path = f"/tenants/{tenant_id}/keys/{ended[1]['key_id']}/rotate"
    async with service.http.post(path, json={"overlap_seconds": 0}, headers=headers) as response:
        assert response.status == 201
    expected = await refusal(service, None)
    for key in ended:
        assert await refusal(service, f"Bearer {key['api_key']}") == expected


async def test_a_head_needs_the_key_that_its_get_needs(service):
    tenant_id, headers = await service.tenant()
    for path, wanted in ((f"/tenants/{tenant_id}", 401), (f"/usage/{tenant_id}", 401), ("/health", 200)):
        async with service.http.head(path) as response:
            assert response.status == wanted
    async with service.http.head(f"/tenants/{tenant_id}", headers=headers) as response:
        assert response.status == 200
