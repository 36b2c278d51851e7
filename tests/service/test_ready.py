from service.parts import DRAINING


async def test_ready_while_the_ledger_answers(service):
    assert await service.get("/ready") == (200, {"status": "ready", "ledger": True, "draining": False})


async def test_not_ready_without_the_ledger(start_service, own_redis):
    service = await start_service(own_redis.port)
    own_redis.kill()
    assert await service.get("/ready") == (503, {"status": "not_ready", "ledger": False, "draining": False})
    own_redis.start()
    assert (await service.get("/ready"))[0] == 200


async def test_not_ready_while_it_hangs(start_service, own_redis):
    service = await start_service(own_redis.port)
    own_redis.hang()
    status, body = await service.get("/ready")
    own_redis.resume()
    assert (status, body["ledger"]) == (503, False)


async def test_not_ready_once_told_to_stop(service):
    service.app[DRAINING].set()
    assert await service.get("/ready") == (503, {"status": "not_ready", "ledger": True, "draining": True})


async def test_a_failing_stripe_does_not_make_it_unready(service, stripe):
    stripe.status = 500
    assert (await service.get("/health"))[0] == 503
    assert (await service.get("/ready"))[0] == 200
