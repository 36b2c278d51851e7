"""Meters: what was used, told to Stripe, and what Stripe has counted."""

import logging
from secrets import token_hex

from stripe import ListObject
from stripe.billing import MeterEventSummary
from stripe.events import V1BillingMeterErrorReportTriggeredEvent, V1BillingMeterNoMeterFoundEvent
from stripe.params.billing import MeterEventSummaryListParams

from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.payments.endpoints import Endpoint
from service.payments.objects import Delivery, MeterError, MeterErrorReport
from service.payments.persistence import Send
from service.payments.transport import StripeRefusedError, Transport

_LOG = logging.getLogger(__name__)
_MOST = 100
_ALREADY_THERE = "already exists with identifier"

_Report = V1BillingMeterErrorReportTriggeredEvent | V1BillingMeterNoMeterFoundEvent


class Metering:
    """The calls about meters; a meter is named by its event name."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._client = transport.client
        self._meters = transport.client.v1.billing.meters
        self._ids: dict[str, str] = {}

    async def send(self, event_name: str, customer_id: str, value: int, identifier: str, timestamp: int) -> Delivery:
        """Tell Stripe of usage once per identifier (at most 100 characters); `timestamp` is in unix seconds.

        The idempotency key is drawn anew for each call: Stripe replays an answer of 500 for a day under the same key,
        while the identifier already keeps the usage from being counted twice.
        """
        try:
            await self._transport.post(
                Endpoint.METER_EVENTS,
                token_hex(),
                lambda options: self._client.v1.billing.meter_events.create_async(
                    {
                        "event_name": event_name,
                        "payload": {"stripe_customer_id": customer_id, "value": str(value)},
                        "identifier": identifier,
                        "timestamp": timestamp,
                    },
                    options,
                ),
            )
        except StripeRefusedError as refusal:
            if _ALREADY_THERE not in refusal.stripe_message:
                raise PaymentsRejectedError(refusal.stripe_code or f"status {refusal.stripe_status}") from refusal
            return Delivery.DUPLICATE
        return Delivery.DELIVERED

    async def summary(self, event_name: str, customer_id: str, start: int, end: int) -> int:
        """Units counted from `start` to before `end` (unix seconds, full minutes); Stripe's count may lag behind."""
        meter_id = await self._meter_id(event_name)
        page = await self._transport.get(
            Endpoint.METER_SUMMARIES,
            lambda options: self._meters.event_summaries.list_async(
                meter_id, {"customer": customer_id, "start_time": start, "end_time": end, "limit": _MOST}, options
            ),
        )
        return sum(round(summary.aggregated_value) for summary in page.data)

    async def hours(self, event_name: str, customer_id: str, start: int, end: int) -> dict[int, int]:
        """Units of each hour in which any were counted, by its start; `start` and `end` are full hours."""
        meter_id = await self._meter_id(event_name)
        counted: dict[int, int] = {}
        after: str | None = None
        while True:
            send = self._hours_after(meter_id, customer_id, (start, end), after)
            page = await self._transport.get(Endpoint.METER_SUMMARIES, send)
            counted.update({each.start_time: round(each.aggregated_value) for each in page.data})
            if not page.has_more:
                return counted
            after = page.data[-1].id

    async def error_report(self, event_id: str) -> MeterErrorReport:
        """What a thin event about refused meter events says, fetched whole."""
        event = await self._transport.get(
            Endpoint.EVENT, lambda options: self._client.v2.core.events.retrieve_async(event_id, None, options)
        )
        if not isinstance(event, _Report):
            raise PaymentsRejectedError(f"event {event_id} is {event.type}; expected a report of meter errors")
        return _report(event)

    def _hours_after(
        self, meter_id: str, customer_id: str, span: tuple[int, int], after: str | None
    ) -> Send[ListObject[MeterEventSummary]]:
        params: MeterEventSummaryListParams = {
            "customer": customer_id,
            "start_time": span[0],
            "end_time": span[1],
            "value_grouping_window": "hour",
            "limit": _MOST,
        }
        if after is not None:
            params["starting_after"] = after
        return lambda options: self._meters.event_summaries.list_async(meter_id, params, options)

    async def _meter_id(self, event_name: str) -> str:
        if event_name not in self._ids:
            page = await self._transport.get(
                Endpoint.METERS,
                lambda options: self._meters.list_async({"status": "active", "limit": _MOST}, options),
            )
            self._ids.update({meter.event_name: meter.id for meter in page.data})
        if event_name not in self._ids:
            _LOG.error("Stripe has no active meter %s: run billing sync-catalog", event_name)
            raise PaymentsUnavailableError
        return self._ids[event_name]


def _report(event: _Report) -> MeterErrorReport:
    data = event.data
    return MeterErrorReport(
        event_id=event.id,
        meter_id=event.related_object.id if isinstance(event, V1BillingMeterErrorReportTriggeredEvent) else None,
        summary=data.developer_message_summary,
        error_count=data.reason.error_count,
        window_start=data.validation_start,
        window_end=data.validation_end,
        errors=tuple(
            MeterError(
                code=kind.code,
                count=kind.error_count,
                identifiers=tuple(sample.request.identifier for sample in kind.sample_errors),
                messages=tuple(sample.error_message for sample in kind.sample_errors),
            )
            for kind in data.reason.error_types
        ),
    )
