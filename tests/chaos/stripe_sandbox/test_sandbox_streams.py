"""Adjustments of meter events, events in bulk, and the thin events that report what was wrong with them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

Control = Callable[..., Awaitable[dict[str, Any]]]
NOW = 1_790_000_000
HOUR = NOW - NOW % 3600
SECRET = "whsec_test"


async def counted(client: stripe.StripeClient, catalogue: Any, customer: stripe.Customer) -> float:
    span: Any = {"customer": customer.id, "start_time": HOUR, "end_time": HOUR + 3600}
    rows = (await client.v1.billing.meters.event_summaries.list_async(catalogue.meter.id, span)).data
    return rows[0].aggregated_value if rows else 0


def event(customer: stripe.Customer, value: str = "1", **more: Any) -> Any:
    return {"event_name": "signs", "payload": {"stripe_customer_id": customer.id, "value": value}, **more}


async def test_an_adjustment_takes_an_event_back_once(
    client: stripe.StripeClient, catalogue: Any, payer: stripe.Customer
) -> None:
    await client.v1.billing.meter_events.create_async(event(payer, "5", identifier="a"))
    await client.v1.billing.meter_events.create_async(event(payer, "-2", identifier="b"))
    cancel: Any = {"event_name": "signs", "type": "cancel", "cancel": {"identifier": "a"}}
    adjustment = await client.v1.billing.meter_event_adjustments.create_async(cancel)
    assert (adjustment.type, adjustment.event_name) == ("cancel", "signs")
    assert await counted(client, catalogue, payer) == -2
    with pytest.raises(stripe.InvalidRequestError, match="cancelled already"):
        await client.v1.billing.meter_event_adjustments.create_async(cancel)
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        await client.v1.billing.meter_events.create_async(event(payer, "5", identifier="a"))


async def test_an_adjustment_comes_too_late_after_a_day(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    await client.v1.billing.meter_events.create_async(event(payer, "5", identifier="a"))
    await control("clock", advance_seconds=24 * 3600 + 1)
    with pytest.raises(stripe.InvalidRequestError, match="within 24 hours"):
        await client.v1.billing.meter_event_adjustments.create_async(
            {"event_name": "signs", "type": "cancel", "cancel": {"identifier": "a"}}
        )
    assert await counted(client, catalogue, payer) == 5


async def stream(client: stripe.StripeClient, token: str, events: list[Any]) -> None:
    await client.v2.billing.meter_event_stream.create_async({"events": events}, {"api_key": token})


async def test_a_stream_takes_a_hundred_events_with_a_sessions_token(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    session = await client.v2.billing.meter_event_session.create_async()
    assert (session.created, session.expires_at) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:28:20.000Z")
    await stream(client, session.authentication_token, [event(payer, "2")] * 100)
    assert await counted(client, catalogue, payer) == 200
    with pytest.raises(stripe.StripeError):
        await stream(client, session.authentication_token, [event(payer)] * 101)
    with pytest.raises(stripe.StripeError):
        await stream(client, "sk_test_sandbox", [event(payer)])
    await control("clock", advance_seconds=15 * 60)
    with pytest.raises(stripe.TemporarySessionExpiredError):
        await stream(client, session.authentication_token, [event(payer)])


async def test_what_is_wrong_in_a_stream_is_told_by_thin_events(
    client: stripe.StripeClient, control: Control, catalogue: Any, payer: stripe.Customer
) -> None:
    posted: list[tuple[bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        posted.append((await request.read(), request.headers["Stripe-Signature"]))
        return web.Response()

    hook = web.Application()
    hook.router.add_post("/thin", take)
    async with TestServer(hook) as server:
        await control("webhooks/endpoint", url=str(server.make_url("/thin")), secret=SECRET)
        session = await client.v2.billing.meter_event_session.create_async()
        bad = [event(payer, "x", identifier="bad"), event(payer, timestamp="2020-01-01T00:00:00.000Z")]
        unknown = {**event(payer), "event_name": "unknown"}
        await stream(client, session.authentication_token, [*bad, unknown, event(payer, "3")])
        await control("meter_errors", problems=[{"code": "archived_meter", "meter": catalogue.meter.id}])
        await control("webhooks/flush")
    assert await counted(client, catalogue, payer) == 3
    notices: list[Any] = [client.parse_event_notification(body, seal, SECRET, tolerance=None) for body, seal in posted]
    kinds = ["error_report_triggered", "no_meter_found", "error_report_triggered"]
    assert sorted(notice.type for notice in notices) == sorted(f"v1.billing.meter.{kind}" for kind in kinds)
    fetched = [await notice.fetch_event_async() for notice in notices]
    reasons = {kind.code for whole in fetched for kind in whole.data.reason.error_types}
    assert reasons == {"meter_event_invalid_value", "timestamp_too_far_in_past", "no_meter", "archived_meter"}
    related = next(notice for notice in notices if "triggered" in notice.type)
    meter = await client.v1.billing.meters.retrieve_async(related.related_object.id)
    assert meter.id == catalogue.meter.id
    assert "data" not in json.loads(posted[0][0])
