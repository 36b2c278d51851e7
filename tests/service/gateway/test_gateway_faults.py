"""What the gateway does when the way to Stripe, or Stripe, is broken."""

import asyncio

import pytest

from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.payments import persistence
from service.payments.gateway import REACHABLE_CACHE_SECONDS
from service.payments.persistence import BREAKER_OPEN_SECONDS, BREAKER_THRESHOLD, BreakerOpenError
from service.payments.retry import BUDGET_RETRIES, MAX_RETRIES

CUSTOMERS = "/v1/customers"


def create(gateway, key="key"):
    return gateway.create_customer("0" * 32, "Example", "billing@example.com", key)


async def customers(client):
    return [customer.id for customer in (await client.v1.customers.list_async()).data]


async def fail(gateway, times):
    for number in range(times):
        with pytest.raises(PaymentsUnavailableError):
            await create(gateway, f"failing {number}")


async def test_a_lost_answer_is_asked_for_again_and_makes_no_second_customer(gateway, front, client, recorder):
    front.lose_answers()
    customer_id = await create(gateway)
    assert await customers(client) == [customer_id]
    assert [request.headers["Idempotency-Key"] for request in front.requests] == ["key", "key"]
    assert recorder.counts("billing.stripe.idempotent_replays") == {(CUSTOMERS,): 1}
    assert recorder.counts("billing.stripe.retries") == {(CUSTOMERS, "made"): 1}


async def test_a_call_repeated_by_its_caller_under_its_key_makes_no_second_customer(gateway, client):
    assert await create(gateway) == await create(gateway)
    assert len(await customers(client)) == 1


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_a_passing_failure_is_overcome(gateway, front, still, status):
    front.answer(status, count=2)
    assert (await create(gateway)).startswith("cus_")
    assert still.pauses == pytest.approx([0.1, 0.2])


async def test_a_broken_connection_is_overcome(gateway, front):
    front.drop_requests(2)
    assert (await create(gateway)).startswith("cus_")


async def test_retries_come_to_an_end(gateway, front):
    front.answer(503, count=10)
    await fail(gateway, 1)
    assert len(front.requests) == 1 + MAX_RETRIES


async def test_retry_after_is_waited_for_when_there_is_time(gateway, front, still):
    front.answer(429, Retry_After="2")
    await create(gateway)
    assert still.pauses == pytest.approx([2.1])


async def test_a_retry_that_would_come_too_late_is_not_made(gateway, front, still):
    front.answer(429, Retry_After="3")
    await fail(gateway, 1)
    assert still.pauses == []


@pytest.mark.parametrize("status", [429, 500])
async def test_stripe_may_forbid_a_retry(gateway, front, still, status):
    front.answer(status, Stripe_Should_Retry="false")
    await fail(gateway, 1)
    assert still.pauses == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, PaymentsRejectedError),
        (402, PaymentsRejectedError),
        (404, PaymentsRejectedError),
        (401, PaymentsUnavailableError),
        (403, PaymentsUnavailableError),
    ],
)
async def test_a_refusal_is_final_and_a_bad_key_is_our_own_fault(gateway, front, status, error):
    front.answer(status)
    with pytest.raises(error):
        await create(gateway)
    assert len(front.requests) == 1


async def test_a_refused_key_is_told_to_the_operator(gateway, front, caplog):
    front.answer(401)
    await fail(gateway, 1)
    assert "Stripe refused the secret key for POST /v1/customers" in caplog.text


async def test_another_request_under_a_used_key_is_refused(gateway):
    await create(gateway)
    with pytest.raises(PaymentsRejectedError):
        await gateway.create_customer("1" * 32, "Other", "other@example.com", "key")


async def test_an_answer_that_does_not_come_is_given_up_at_the_deadline(gateway, front, monkeypatch):
    monkeypatch.setattr(persistence, "STRIPE_TIMEOUT_SECONDS", 0.05)
    front.hang()
    async with asyncio.timeout(2):
        await fail(gateway, 1)
    assert len(front.requests) == 1


async def test_a_spent_budget_ends_the_retries_until_calls_have_filled_it(gateway, front, recorder):
    for number in range(BUDGET_RETRIES):
        front.answer(429)
        await create(gateway, f"retried {number}")
    front.answer(429)
    await create(gateway, "the calls so far have earned one more")
    front.answer(429)
    await fail(gateway, 1)
    assert recorder.counts("billing.stripe.retries") == {
        (CUSTOMERS, "made"): BUDGET_RETRIES + 1,
        (CUSTOMERS, "denied"): 1,
    }


async def opened(gateway, front):
    front.answer(500, BREAKER_THRESHOLD, Stripe_Should_Retry="false")
    await fail(gateway, BREAKER_THRESHOLD)
    front.requests.clear()


async def test_the_breaker_opens_and_spares_stripe(gateway, front, recorder):
    await opened(gateway, front)
    with pytest.raises(BreakerOpenError):
        await create(gateway)
    assert front.requests == []
    assert recorder.counts("billing.stripe.breakers") == {("open",): 1}
    assert recorder.counts("billing.stripe.breaker.openings") == {(): 1}


async def test_the_breaker_closes_after_a_probe_that_is_answered(gateway, front, recorder, still):
    await opened(gateway, front)
    still.now += BREAKER_OPEN_SECONDS
    await create(gateway)
    assert recorder.counts("billing.stripe.breakers") == {("closed",): 1}
    assert recorder.counts("billing.stripe.breaker.openings") == {(): 1}


async def test_a_failed_probe_is_no_second_opening(gateway, front, recorder, still):
    await opened(gateway, front)
    still.now += BREAKER_OPEN_SECONDS
    front.answer(500, Stripe_Should_Retry="false")
    await fail(gateway, 2)
    assert len(front.requests) == 1
    assert recorder.counts("billing.stripe.breaker.openings") == {(): 1}


async def test_silence_opens_the_breaker(gateway, front, monkeypatch, recorder):
    monkeypatch.setattr(persistence, "STRIPE_TIMEOUT_SECONDS", 0.02)
    for _ in range(BREAKER_THRESHOLD):
        front.hang()
    await fail(gateway, BREAKER_THRESHOLD)
    assert recorder.counts("billing.stripe.breakers") == {("open",): 1}


@pytest.mark.parametrize("status", [400, 429])
async def test_refusals_and_overload_do_not_open_it(gateway, front, recorder, status):
    front.answer(status, 2 * BREAKER_THRESHOLD, Stripe_Should_Retry="false")
    for number in range(2 * BREAKER_THRESHOLD):
        with pytest.raises((PaymentsRejectedError, PaymentsUnavailableError)):
            await create(gateway, f"{number}")
    assert recorder.counts("billing.stripe.breakers") == {("closed",): 1}


async def test_a_caller_that_leaves_during_the_probe_leaves_the_breaker_ready_for_the_next(gateway, front, still):
    await opened(gateway, front)
    still.now += BREAKER_OPEN_SECONDS
    front.hang()
    probe = asyncio.create_task(create(gateway, "left"))
    while not front.requests:
        await asyncio.sleep(0.001)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert (await create(gateway)).startswith("cus_")


async def test_reachability_follows_the_answers_and_is_remembered_for_a_while(gateway, front, still):
    front.answer(401)
    assert not await gateway.is_reachable()
    assert await gateway.is_reachable()
    front.answer(500, 10)
    assert await gateway.is_reachable()
    still.now += REACHABLE_CACHE_SECONDS
    assert not await gateway.is_reachable()


async def test_the_span_says_how_often_the_request_was_sent_and_how_it_ended(gateway, front, recorder):
    front.answer(503, count=2)
    await create(gateway)
    [span] = recorder.spans()
    assert span.name == "POST /v1/customers"
    attributes = dict(span.attributes)
    assert attributes.pop("stripe.request.id").startswith("req_")
    assert attributes == {
        "http.request.method": "POST",
        "url.template": CUSTOMERS,
        "http.request.resend_count": 2,
        "http.response.status_code": 200,
        "billing.stripe.idempotent_replay": False,
    }


async def test_the_span_of_a_failure_has_the_last_status_and_the_kind_of_error(gateway, front, recorder):
    front.answer(503, count=10)
    await fail(gateway, 1)
    [span] = recorder.spans()
    assert span.attributes["http.response.status_code"] == 503
    assert span.attributes["error.type"] == "APIError"
