import asyncio
from importlib.metadata import version

import pytest

from service.checks import HealthChecks


async def test_a_healthy_service_says_so(service):
    status, health = await service.get("/health")
    assert status == 200
    assert health["status"] == "healthy"
    assert health["checks"] == {"database": True, "redis": True, "stripe": True, "storage": True}
    assert health["version"] == version("c2pa-billing")
    assert health["timestamp"].endswith("Z")


async def failed(service):
    status, health = await service.get("/health")
    assert (status, health["status"]) == (503, "unhealthy")
    return {name for name, passed in health["checks"].items() if not passed}


@pytest.mark.parametrize(
    ("setting", "value"),
    [("appendfsync", "everysec"), ("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")],
)
async def test_a_ledger_that_may_forget_is_unhealthy(start_service, own_redis, setting, value):
    service = await start_service(own_redis.port)
    own_redis.client().config_set(setting, value)
    assert await failed(service) == {"database"}


async def test_a_replica_is_unhealthy(start_service, own_redis):
    service = await start_service(own_redis.port)
    own_redis.client().replicaof("127.0.0.1", "1")
    assert await failed(service) == {"database"}


async def test_a_hung_ledger_is_unhealthy_in_about_a_second(start_service, own_redis):
    service = await start_service(own_redis.port)
    own_redis.hang()
    assert await failed(service) == {"database", "redis"}


async def test_stripe_that_refuses_the_key_is_unhealthy(service, stripe):
    stripe.status = 401
    assert await failed(service) == {"stripe"}


async def test_stripe_that_hangs_is_unhealthy(service, stripe):
    stripe.delay_seconds = 1.5
    assert await failed(service) == {"stripe"}


async def test_a_good_answer_of_stripe_is_remembered(service, stripe):
    assert (await service.get("/health"))[0] == 200
    stripe.status = 500
    assert (await service.get("/health"))[0] == 200


async def test_storage_that_cannot_be_written_is_unhealthy(start_service, shared_redis, tmp_path):
    (tmp_path / "file").write_text("")
    service = await start_service(shared_redis.port, DATA_DIR=str(tmp_path / "file" / "data"))
    assert await failed(service) == {"storage"}


async def test_the_probe_file_is_gone_afterwards(service, tmp_path):
    await service.get("/health")
    assert list((tmp_path / "data").iterdir()) == []


async def test_checks_run_side_by_side_and_are_bounded(monkeypatch):
    monkeypatch.setattr("service.checks.CHECK_TIMEOUT_SECONDS", 0.2)

    async def hang():
        await asyncio.sleep(10)
        return True

    async with asyncio.timeout(0.5):
        assert await HealthChecks({"a": hang, "b": hang, "c": hang}).run() == {"a": False, "b": False, "c": False}
