import asyncio
import time

from service.config import REDIS_TIMEOUT_SECONDS
from service.domain.api_key import Scope
from service.ledger import keys
from service.middleware.authentication import Admission


async def timed_report(service, headers, event):
    started = time.monotonic()
    status, _ = await service.report(headers, event)
    return status, time.monotonic() - started


async def held_ids(server):
    with server.client() as client:
        journal = [fields for shard in range(keys.SHARDS) for _, fields in client.xrange(keys.events(shard))]
    return [fields["event_id"] for fields in journal if fields["kind"] == "usage"]


async def recover(service, headers, event):
    """Report until it succeeds; return how long that took."""
    started = time.monotonic()
    while (await service.report(headers, event))[0] != 200:
        assert time.monotonic() - started < 3
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def test_the_service_survives_a_ledger_that_hangs_and_dies(start_service, own_redis, make_event):
    service = await start_service(own_redis.port)
    _, headers = await service.tenant()
    acknowledged = [f"before-{number}" for number in range(40)]
    answers = await asyncio.gather(*(service.report(headers, make_event(name)) for name in acknowledged))
    assert {status for status, _ in answers} == {200}

    own_redis.hang()
    hung = await asyncio.gather(*(timed_report(service, headers, make_event(f"hung-{n}")) for n in range(40)))
    assert {status for status, _ in hung} == {503}
    assert all(abs(seconds - REDIS_TIMEOUT_SECONDS) < 0.5 for _, seconds in hung)

    own_redis.kill()
    assert (await timed_report(service, headers, make_event("dead")))[0] == 503

    own_redis.start()
    assert await recover(service, headers, make_event("after")) < 1.5
    after = await asyncio.gather(*(service.report(headers, make_event(f"after-{n}")) for n in range(60)))
    assert {status for status, _ in after} == {200}
    held = await held_ids(own_redis)
    assert {*acknowledged, "after"} <= set(held)
    assert len(held) == len(set(held))


async def test_a_late_reply_is_never_taken_for_the_answer_to_another_question(start_service, own_redis, make_event):
    service = await start_service(own_redis.port)
    tenant_id, headers = await service.tenant()
    await service.report(headers, make_event("warm"))
    own_redis.hang()
    hung = [service.report(headers, make_event(f"hung-{n}", value=5)) for n in range(10)]
    assert {status for status, _ in await asyncio.gather(*hung)} == {503}
    own_redis.resume()
    assert await recover(service, headers, make_event("after")) < 1.5
    for number in range(30):
        status, body = await service.report(headers, make_event(f"later-{number}"))
        assert (status, body["results"]) == (200, [{"event_id": f"later-{number}", "status": "accepted"}])
        assert (await service.get(f"/tenants/{tenant_id}", headers))[1]["tenant_id"] == tenant_id


async def test_a_write_whose_answer_is_lost_is_sent_once(start_service, make_event, monkeypatch):
    received = []

    async def swallow(reader, writer):
        received.append(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    service = await start_service(server.sockets[0].getsockname()[1])
    monkeypatch.setattr("service.middleware.authentication.Authenticator.admit", admit_anyone)
    status, _ = await service.report({}, make_event("once"))
    server.close()
    assert status == 503
    assert len([sent for sent in received if b"sign_events" in sent]) == 1
    others = [sent for sent in received if b"sign_events" not in sent]
    assert all(b":quota:" in sent or b"HGET" in sent for sent in others)


async def admit_anyone(*_):
    return Admission("00" * 16, "00" * 16, frozenset(Scope), None)


async def test_connecting_and_asking_share_one_second(start_service, make_event, monkeypatch):
    ended = asyncio.Event()

    async def answer_slowly(reader, writer):
        while await reader.read(65536):
            await asyncio.sleep(0.7)
            writer.write(b"+OK\r\n")
        writer.close()
        ended.set()

    server = await asyncio.start_server(answer_slowly, "127.0.0.1", 0)
    service = await start_service(server.sockets[0].getsockname()[1], REDIS_DB="1")
    monkeypatch.setattr("service.middleware.authentication.Authenticator.admit", admit_anyone)
    monkeypatch.setattr("service.limits.rate_limiter.SHARED_TIMEOUT_SECONDS", 0.05)
    status, seconds = await timed_report(service, {}, make_event("slow"))
    server.close()
    await ended.wait()
    assert status == 503
    assert abs(seconds - REDIS_TIMEOUT_SECONDS) < 0.3
