import pytest
import stripe

NOW = 1_790_000_000
HOUR = NOW - NOW % 3600
DAY_SECONDS = 24 * 3600


@pytest.fixture
async def customer(client: stripe.StripeClient) -> stripe.Customer:
    return await client.v1.customers.create_async({"metadata": {"tenant_id": "t1"}})


@pytest.fixture
async def meter(client: stripe.StripeClient) -> stripe.billing.Meter:
    return await client.v1.billing.meters.create_async(
        {
            "display_name": "Signs",
            "event_name": "sign_events",
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
            "value_settings": {"event_payload_key": "value"},
        }
    )


async def report(
    client: stripe.StripeClient,
    customer: stripe.Customer,
    value: str = "1",
    identifier: str = "",
    timestamp: int = NOW,
    event_name: str = "sign_events",
) -> stripe.billing.MeterEvent:
    return await client.v1.billing.meter_events.create_async(
        {
            "event_name": event_name,
            "payload": {"stripe_customer_id": customer.id, "value": value},
            "timestamp": timestamp,
            **({"identifier": identifier} if identifier else {}),
        }
    )


async def test_a_meter_can_be_read_and_listed(client: stripe.StripeClient, meter: stripe.billing.Meter) -> None:
    read = await client.v1.billing.meters.retrieve_async(meter.id)
    assert (read.event_name, read.default_aggregation.formula, read.status) == (
        "sign_events",
        "sum",
        "active",
    )
    listed = await client.v1.billing.meters.list_async({"status": "active"})
    assert [row.id for row in listed.data] == [meter.id]


async def test_an_event_name_has_one_meter(client: stripe.StripeClient, meter: stripe.billing.Meter) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="already an active meter"):
        await client.v1.billing.meters.create_async(
            {
                "display_name": "Again",
                "event_name": meter.event_name,
                "default_aggregation": {"formula": "sum"},
            }
        )


@pytest.mark.usefixtures("meter")
async def test_an_event_is_taken_once_by_its_identifier(client: stripe.StripeClient, customer: stripe.Customer) -> None:
    taken = await report(client, customer, "5", "t1:sign_events:hour:0")
    assert (taken.identifier, taken.payload["value"]) == ("t1:sign_events:hour:0", "5")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await report(client, customer, "5", "t1:sign_events:hour:0")
    assert refused.value.http_status == 400
    assert "An event already exists with identifier t1:sign_events:hour:0" in str(refused.value)
    assert refused.value.headers is not None
    assert {key.lower(): value for key, value in refused.value.headers.items()}["stripe-should-retry"] == "false"


@pytest.mark.usefixtures("meter")
async def test_the_client_does_not_retry_a_repeated_identifier(
    url: str, customer: stripe.Customer, client: stripe.StripeClient
) -> None:
    await report(client, customer, identifier="once")
    http_client = stripe.AIOHTTPClient()
    eager = stripe.StripeClient(
        "sk_test_sandbox", http_client=http_client, base_addresses={"api": url}, max_network_retries=3
    )
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        await report(eager, customer, identifier="once")
    await http_client.close_async()


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("timestamp", [NOW - 35 * DAY_SECONDS, NOW, NOW + 300])
async def test_timestamps_within_the_bounds_are_taken(
    client: stripe.StripeClient, customer: stripe.Customer, timestamp: int
) -> None:
    assert (await report(client, customer, timestamp=timestamp)).timestamp == timestamp


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize(
    ("timestamp", "code"),
    [(NOW - 35 * DAY_SECONDS - 1, "timestamp_too_old"), (NOW + 301, "timestamp_in_future")],
)
async def test_timestamps_beyond_the_bounds_are_refused(
    client: stripe.StripeClient, customer: stripe.Customer, timestamp: int, code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await report(client, customer, timestamp=timestamp)
    assert (refused.value.code, refused.value.param) == (code, "timestamp")


@pytest.mark.usefixtures("meter")
@pytest.mark.parametrize("value", ["1.5", "1e3", "", "--1", "many", "٣"])
async def test_values_are_whole_numbers(client: stripe.StripeClient, customer: stripe.Customer, value: str) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await report(client, customer, value)


@pytest.mark.usefixtures("meter")
async def test_unknown_meters_and_customers_are_refused(client: stripe.StripeClient, customer: stripe.Customer) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No active meter") as refused:
        await report(client, customer, event_name="unknown")
    assert refused.value.http_status == 400
    await client.v1.customers.delete_async(customer.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer") as refused:
        await report(client, customer)
    assert refused.value.http_status == 400


@pytest.mark.usefixtures("meter")
async def test_an_identifier_has_at_most_100_characters(client: stripe.StripeClient, customer: stripe.Customer) -> None:
    await report(client, customer, identifier="i" * 100)
    with pytest.raises(stripe.InvalidRequestError):
        await report(client, customer, identifier="i" * 101)


async def test_summaries_add_up_by_hour_and_leave_other_customers_out(
    client: stripe.StripeClient, meter: stripe.billing.Meter, customer: stripe.Customer
) -> None:
    other = await client.v1.customers.create_async()
    await report(client, customer, "5", timestamp=HOUR - 3600)
    await report(client, customer, "7", timestamp=HOUR - 1)
    await report(client, customer, "-2", timestamp=HOUR)
    await report(client, other, "100", timestamp=HOUR)
    span = {"customer": customer.id, "start_time": HOUR - 7200, "end_time": HOUR + 3600}
    hours = await client.v1.billing.meters.event_summaries.list_async(
        meter.id,
        {**span, "value_grouping_window": "hour"},
    )
    assert [(row.start_time, row.aggregated_value) for row in hours.data] == [(HOUR, -2), (HOUR - 3600, 12)]
    whole = await client.v1.billing.meters.event_summaries.list_async(meter.id, span)
    assert [row.aggregated_value for row in whole.data] == [10]


async def test_summaries_need_aligned_times_in_order(
    client: stripe.StripeClient, meter: stripe.billing.Meter, customer: stripe.Customer
) -> None:
    for start, end in [(HOUR + 1, HOUR + 3600), (HOUR, HOUR), (HOUR + 60, HOUR)]:
        with pytest.raises(stripe.InvalidRequestError):
            await client.v1.billing.meters.event_summaries.list_async(
                meter.id, {"customer": customer.id, "start_time": start, "end_time": end}
            )


@pytest.mark.parametrize(("formula", "figure"), [("sum", 9), ("count", 2), ("last", 4)])
async def test_each_formula_counts_in_its_own_way(
    client: stripe.StripeClient, customer: stripe.Customer, formula: str, figure: int
) -> None:
    meter = await client.v1.billing.meters.create_async(
        {"display_name": "M", "event_name": "m", "default_aggregation": {"formula": formula}}
    )
    await report(client, customer, "4", timestamp=HOUR + 120, event_name="m")
    await report(client, customer, "5", timestamp=HOUR + 60, event_name="m")
    summaries = await client.v1.billing.meters.event_summaries.list_async(
        meter.id, {"customer": customer.id, "start_time": HOUR, "end_time": HOUR + 3600}
    )
    assert [row.aggregated_value for row in summaries.data] == [figure]
