import json
import time

import pytest
from stripe import WebhookSignature

from service.ledger import keys
from tests.service.conftest import WEBHOOK_SECRET

LIMIT = 512 * 1024


def make_event(event_id, kind="invoice.paid", **members):
    thing = {"id": "in_1", "customer": "cus_1"}
    return {"object": "event", "id": event_id, "type": kind, "created": 1, "data": {"object": thing}, **members}


async def post(service, document, *, secret=WEBHOOK_SECRET, raw=None, **headers):
    body = json.dumps(document) if raw is None else raw
    sent = {"Stripe-Signature": WebhookSignature.generate_signature_header(body, secret, int(time.time()))}
    sent |= {"Content-Type": "application/json; charset=utf-8", **headers}
    async with service.http.post("/webhooks/stripe", data=body.encode(), headers=sent) as response:
        return response.status, await response.json()


def outcomes(service):
    points = service.points("billing.webhook.events")
    found = {
        (dict(labels)["billing.webhook.type"], dict(labels)["billing.webhook.outcome"]): p.value
        for labels, p in points.items()
    }
    return {key: value for key, value in found.items() if value}


@pytest.fixture
async def service(start_service, own_redis):
    return await start_service(own_redis.port)


async def test_an_event_is_queued_once(service, own_redis):
    assert await post(service, make_event("evt_1")) == (200, {"received": True, "duplicate": False})
    assert await post(service, make_event("evt_1")) == (200, {"received": True, "duplicate": True})
    assert own_redis.client().xlen(keys.WEBHOOK_QUEUE) == 1
    assert 29 * 86_400 < own_redis.client().ttl(keys.webhook_seen("evt_1")) <= 30 * 86_400
    assert outcomes(service) == {("invoice.paid", "queued"): 1, ("invoice.paid", "duplicate"): 1}


async def test_a_type_without_effect_is_acknowledged_and_not_queued(service, own_redis):
    assert await post(service, make_event("evt_1", "product.created")) == (200, {"received": True, "duplicate": False})
    assert not own_redis.client().exists(keys.WEBHOOK_QUEUE)
    assert outcomes(service) == {("_OTHER", "ignored"): 1}


async def test_a_thin_event_is_queued(service, own_redis):
    kind = "v1.billing.meter.no_meter_found"
    thin = {"object": "v2.core.event", "id": "evt_2", "type": kind, "created": "2026-11-23T06:00:00.000Z"}
    assert (await post(service, thin))[0] == 200
    assert own_redis.client().xrange(keys.WEBHOOK_QUEUE)[0][1]["type"] == kind


async def test_a_forged_event_leaves_nothing(service, own_redis):
    status, answer = await post(service, make_event("evt_1"), secret="whsec_somebody_else")
    assert (status, answer["code"]) == (400, "invalid_signature")
    assert "detail" not in answer
    assert own_redis.client().dbsize() == 0
    assert outcomes(service) == {("_OTHER", "forged"): 1}


async def test_a_signature_of_another_time_is_refused_like_a_forged_one_and_counted_apart(service, own_redis):
    early, body = int(time.time()) - 3600, json.dumps(make_event("evt_1"))
    signature = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET, early)
    status, answer = await post(service, None, raw=body, **{"Stripe-Signature": signature})
    assert (status, answer["code"]) == (400, "invalid_signature")
    assert "detail" not in answer
    assert own_redis.client().dbsize() == 0
    assert outcomes(service) == {("_OTHER", "untimely"): 1}


@pytest.mark.parametrize("raw", ["", "{}", "[]", "{", '{"object": "event", "object": "event"}'])
async def test_a_signed_body_that_is_no_event_is_refused(service, raw):
    status, answer = await post(service, None, raw=raw)
    assert (status, answer["code"]) == (400, "malformed_request")
    assert outcomes(service) == {("_OTHER", "malformed"): 1}


async def test_an_event_may_be_larger_than_other_bodies_and_is_bounded(service):
    assert (await post(service, make_event("evt_1", pad="x" * (LIMIT - 1000))))[0] == 200
    assert (await post(service, make_event("evt_2", pad="x" * LIMIT)))[0] == 413


async def test_only_json_is_read(service):
    assert (await post(service, make_event("evt_1"), **{"Content-Type": "text/plain"}))[0] == 415


async def test_stripe_sends_again_what_the_ledger_did_not_take(service, own_redis):
    own_redis.kill()
    assert (await post(service, make_event("evt_1")))[0] == 503
    own_redis.start()
    assert await post(service, make_event("evt_1")) == (200, {"received": True, "duplicate": False})
