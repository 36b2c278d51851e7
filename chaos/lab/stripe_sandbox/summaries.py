"""What a meter counted for a customer, as one figure or one an hour or a day."""

from collections.abc import Iterator

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import invalid_parameter
from chaos.lab.stripe_sandbox.meter_events import MeterEvents
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import PAGING, Object, page_of
from chaos.lab.stripe_sandbox.params import Params

WINDOW_SECONDS = {"hour": 3600, "day": 24 * 3600}
MINUTE_SECONDS = 60


class Summaries:
    """The endpoint /v1/billing/meters/{id}/event_summaries."""

    def __init__(self, meters: Meters, meter_events: MeterEvents, customers: Customers) -> None:
        self._meters = meters
        self._meter_events = meter_events
        self._customers = customers

    def index(self, params: Params, identifier: str) -> Object:
        """GET /v1/billing/meters/{id}/event_summaries; windows without events are left out, newest first."""
        params.accept("customer", "end_time", "start_time", "value_grouping_window", *PAGING)
        meter = self._meters.kept.get(identifier)
        customer = self._customers.kept.get(params.required_text("customer"), "customer")
        events = self._of(meter, customer["id"])
        rows = [_summary(meter, found, start, end) for start, end, found in _windows(events, params)]
        return page_of(reversed(rows), params, f"/v1/billing/meters/{identifier}/event_summaries")

    def _of(self, meter: Object, customer_id: str) -> list[Object]:
        key = meter["customer_mapping"]["event_payload_key"]
        return [
            event
            for event in self._meter_events.all()
            if event["event_name"] == meter["event_name"] and event["payload"].get(key) == customer_id
        ]


def _windows(events: list[Object], params: Params) -> Iterator[tuple[int, int, list[Object]]]:
    window = params.choice("value_grouping_window", tuple(WINDOW_SECONDS))
    step = WINDOW_SECONDS[window] if window else MINUTE_SECONDS
    start, end = _aligned(params, "start_time", step), _aligned(params, "end_time", step)
    if end <= start:
        raise invalid_parameter("end_time", "The end time must be after the start time.")
    width = step if window else end - start
    for begin in range(start, end, width):
        found = [event for event in events if begin <= event["timestamp"] < begin + width]
        if found:
            yield begin, begin + width, found


def _aligned(params: Params, name: str, step: int) -> int:
    moment = params.required_integer(name)
    if moment % step:
        raise invalid_parameter(name, f"The {name} must be aligned with a boundary of {step} seconds.")
    return moment


def _summary(meter: Object, events: list[Object], start: int, end: int) -> Object:
    return {
        "id": f"mtrusg_{meter['id'].removeprefix('mtr_')}_{start}_{end}",
        "object": "billing.meter_event_summary",
        "aggregated_value": _aggregate(meter, events),
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }


def _aggregate(meter: Object, events: list[Object]) -> int:
    key = meter["value_settings"]["event_payload_key"]
    match meter["default_aggregation"]["formula"]:
        case "count":
            return len(events)
        case "last":
            return int(max(events, key=lambda event: int(event["timestamp"]))["payload"][key])
        case _:
            return sum(int(event["payload"][key]) for event in events)
