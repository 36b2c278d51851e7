"""Five kinds of refusal are one: the same calls to Redis, the same answer. `make timing` has the times."""

import hmac
import json
from types import SimpleNamespace

import pytest

from service.ledger import admission
from tests.service.refusals import KINDS, open_refusals


@pytest.fixture
async def refusals(ledger):
    return await open_refusals(ledger)


async def test_every_kind_makes_the_same_call_and_reads_as_many_fields(refusals, monkeypatch):
    seen = {}
    for kind in KINDS:
        calls = []
        script = refusals.ledger.script

        async def noted(operation, source, names, arguments, calls=calls, script=script):
            found = await script(operation, source, names, arguments)
            calls.append((operation, [len(name) for name in names], tuple(arguments), len(found)))
            return found

        with monkeypatch.context() as patch:
            patch.setattr(refusals.ledger, "script", noted)
            await refusals.refuse(kind)
        seen[kind] = calls
    assert len(KINDS) == 5
    assert [len(calls) for calls in seen.values()] == [1] * len(KINDS)
    assert all(calls == seen["unknown id"] for calls in seen.values())


async def test_every_digest_is_compared_in_constant_time_whatever_becomes_of_the_key(ledger, monkeypatch):
    refusals = await open_refusals(ledger, older_peppers=(b"o" * 32, b"p" * 32))
    compared, compare = [], hmac.compare_digest

    def noted(kept, presented):
        compared.append((len(kept), len(presented)))
        return compare(kept, presented)

    monkeypatch.setattr(admission, "hmac", SimpleNamespace(compare_digest=noted))
    seen = {}
    for kind in KINDS:
        await refusals.refuse(kind)
        seen[kind], compared[:] = list(compared), []
    await refusals.authenticator.admit(refusals.good)
    seen["accepted"] = compared
    assert seen == dict.fromkeys((*KINDS, "accepted"), [(32, 32)] * 3)


async def test_every_kind_gets_the_same_answer(service, open_ledger, shared_redis):
    refusals = await open_refusals(open_ledger(shared_redis.port))
    answers = {}
    for kind in KINDS:
        async with service.http.get(f"/tenants/{'0' * 32}", headers=refusals.headers(kind)) as response:
            body = json.loads(await response.read())
            varying = {"x-request-id", "date"}
            headers = {name: value for name, value in response.headers.items() if name.lower() not in varying}
            answers[kind] = (response.status, headers, {**body, "request_id": ""})
    assert answers["unknown id"][0] == 401
    assert answers == dict.fromkeys(KINDS, answers["unknown id"])
