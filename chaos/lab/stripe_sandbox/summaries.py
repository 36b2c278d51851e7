"""What a meter counted for a customer, as one figure or one an hour or a day."""

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import invalid_parameter
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import PAGING, Object, page_of
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.usage import Usage, aggregate

WINDOW_SECONDS = {"hour": 3600, "day": 24 * 3600}
MINUTE_SECONDS = 60


class Summaries:
    """The endpoint /v1/billing/meters/{id}/event_summaries."""

    def __init__(self, meters: Meters, usage: Usage, customers: Customers) -> None:
        self._meters = meters
        self._usage = usage
        self._customers = customers

    def index(self, params: Params, identifier: str) -> Object:
        """GET /v1/billing/meters/{id}/event_summaries; windows without events are left out, newest first."""
        params.accept("customer", "end_time", "start_time", "value_grouping_window", *PAGING)
        meter = self._meters.kept.get(identifier)
        customer = self._customers.kept.get(params.required_text("customer"), "customer")
        start, end, width = _span(params)
        rows = [
            _summary(meter, begin, begin + width, aggregate(meter, entries))
            for begin, entries in self._usage.windows(identifier, customer["id"], start, end, width)
        ]
        return page_of(reversed(rows), params, f"/v1/billing/meters/{identifier}/event_summaries")


def _span(params: Params) -> tuple[int, int, int]:
    """Start, end and width of the windows."""
    window = params.choice("value_grouping_window", tuple(WINDOW_SECONDS))
    step = WINDOW_SECONDS[window] if window else MINUTE_SECONDS
    start, end = _aligned(params, "start_time", step), _aligned(params, "end_time", step)
    if end <= start:
        raise invalid_parameter("end_time", "The end time must be after the start time.")
    return start, end, step if window else end - start


def _aligned(params: Params, name: str, step: int) -> int:
    moment = params.required_integer(name)
    if moment % step:
        raise invalid_parameter(name, f"The {name} must be aligned with a boundary of {step} seconds.")
    return moment


def _summary(meter: Object, start: int, end: int, value: int) -> Object:
    return {
        "id": f"mtrusg_{meter['id'].removeprefix('mtr_')}_{start}_{end}",
        "object": "billing.meter_event_summary",
        "aggregated_value": value,
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }
