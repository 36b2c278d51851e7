import pytest

from service.domain import api_key
from service.errors import UnauthorizedError
from service.ledger.tenants import StoredKey
from service.middleware.authentication import CACHE_SECONDS, Authenticator

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


async def test_a_malformed_key_never_reaches_redis(service):
    await refusal(service, "Bearer c2pa_1_nonsense")
    assert not service.points("db.client.operation.duration")


async def test_somebody_elses_resource_looks_like_a_missing_one(service):
    _, headers = await service.tenant()
    other, _ = await service.tenant()
    for path in ("/tenants/", "/usage/"):
        answers = [await service.get(path + name, headers) for name in (other, "0" * 32, "nonsense")]
        for _, body in answers:
            body.pop("request_id")
        assert answers[0][0] == 404
        assert all(answer == answers[0] for answer in answers)


class Book:
    """A tenant book with one key, which can be taken away."""

    def __init__(self, key_id, digest):
        self.key_id = key_id
        self.stored = StoredKey("tenant", digest)
        self.reads = 0

    async def read_key(self, key_id):
        self.reads += 1
        return self.stored if key_id == self.key_id else None


async def test_a_success_is_remembered_for_a_second_and_no_longer():
    key = api_key.issue("00" * 16, 1, bytes(16), bytes(32))
    book, now = Book(key.key_id, api_key.digest(key, b"pepper")), [0.0]
    authenticator = Authenticator(book, b"pepper", lambda: now[0])
    for now[0] in (0.0, CACHE_SECONDS - 0.01):
        assert await authenticator.tenant_of(f"Bearer {key.text}") == "tenant"
    assert book.reads == 1
    book.stored, now[0] = None, CACHE_SECONDS
    with pytest.raises(UnauthorizedError):
        await authenticator.tenant_of(f"Bearer {key.text}")
