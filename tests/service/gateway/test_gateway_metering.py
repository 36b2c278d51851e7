"""Usage on its way to Stripe, against the sandbox."""

import asyncio
import time

import pytest

from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.payments.objects import Delivery, MeterError

METER = "c2pa_sign_events"


@pytest.fixture
def now():
    return int(time.time())


def send(gateway, tenant, identifier, now, value=5):
    return gateway.send_meter_event(METER, tenant.customer_id, value, identifier, now)


async def counted(gateway, tenant, now):
    minute = now // 60 * 60
    return await gateway.meter_summary(METER, tenant.customer_id, minute - 3600, minute + 60)


async def test_usage_is_counted_once_for_each_identifier(stocked, tenant, now):
    assert await send(stocked, tenant, "a", now) is Delivery.DELIVERED
    assert await send(stocked, tenant, "a", now) is Delivery.DUPLICATE
    assert await send(stocked, tenant, "b", now, value=2) is Delivery.DELIVERED
    assert await counted(stocked, tenant, now) == 7


async def test_usage_whose_answer_was_lost_is_delivered_once(stocked, tenant, front, now):
    front.lose_answers()
    assert await send(stocked, tenant, "a", now) is Delivery.DELIVERED
    assert await counted(stocked, tenant, now) == 5


async def test_each_delivery_has_an_idempotency_key_of_its_own(stocked, tenant, front, now):
    front.requests.clear()
    for _ in range(2):
        await send(stocked, tenant, "a", now)
    first, second = (request.headers["Idempotency-Key"] for request in front.requests)
    assert first != second


@pytest.mark.parametrize("offset_seconds", [-36 * 24 * 3600, 3600])
async def test_usage_out_of_its_time_is_refused(stocked, tenant, now, offset_seconds):
    with pytest.raises(PaymentsRejectedError):
        await send(stocked, tenant, "a", now + offset_seconds)


async def test_usage_without_a_meter_cannot_be_summed(stocked, tenant, now):
    with pytest.raises(PaymentsUnavailableError):
        await stocked.meter_summary("nothing", tenant.customer_id, now // 60 * 60, now // 60 * 60 + 60)


async def test_a_meters_id_is_looked_up_once(stocked, tenant, front, now):
    await asyncio.gather(counted(stocked, tenant, now))
    await counted(stocked, tenant, now)
    assert [request.path for request in front.requests].count("/v1/billing/meters") == 1


PROBLEMS = [
    {"code": "meter_event_customer_not_found", "message": "no such customer", "identifier": "a"},
    {"code": "meter_event_customer_not_found", "message": "no such customer", "identifier": "b"},
    {"code": "meter_event_invalid_value", "message": "not a number", "identifier": "c"},
]
ERRORS = (
    MeterError("meter_event_customer_not_found", 2, ("a", "b"), ("no such customer", "no such customer")),
    MeterError("meter_event_invalid_value", 1, ("c",), ("not a number",)),
)


async def test_a_report_of_errors_is_read_whole(stocked, client, control):
    [meter] = [each for each in (await client.v1.billing.meters.list_async()).data if each.event_name == METER]
    answer = await control("meter_errors", problems=[problem | {"meter": meter.id} for problem in PROBLEMS])
    report = await stocked.meter_error_report(answer["events"][0]["id"])
    assert report.meter_id == meter.id
    assert report.error_count == 3
    assert report.errors == ERRORS
    assert report.window_start < report.window_end


async def test_a_report_of_usage_without_a_meter_has_no_meter(stocked, control):
    answer = await control("meter_errors", problems=[{"code": "no_meter", "message": "none", "identifier": "a"}])
    report = await stocked.meter_error_report(answer["events"][0]["id"])
    assert report.meter_id is None
    assert report.errors == (MeterError("no_meter", 1, ("a",), ("none",)),)


async def test_a_report_that_does_not_exist_is_refused(stocked):
    with pytest.raises(PaymentsRejectedError):
        await stocked.meter_error_report("evt_none")
