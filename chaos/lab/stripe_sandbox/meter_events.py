"""Meter events: usage as it is reported, each identifier taken once."""

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, no_such
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times
from chaos.lab.stripe_sandbox.usage import Usage

PAST_SECONDS = 35 * 24 * 3600
AHEAD_SECONDS = 5 * 60
CANCEL_SECONDS = 24 * 3600
IDENTIFIER_LENGTH = 100
VALUE_DIGITS = 15


class MeterEvents:
    """The endpoints /v1/billing/meter_events and /v1/billing/meter_event_adjustments.

    Stripe promises that identifiers are unique for at least 24 hours; here they stay so until the process ends.
    """

    def __init__(self, meters: Meters, usage: Usage, customers: Customers, times: Times) -> None:
        self._meters = meters
        self._usage = usage
        self._customers = customers
        self._times = times
        self._taken: dict[str, Object] = {}
        self._cancelled: set[str] = set()

    def create(self, params: Params) -> Object:
        """POST /v1/billing/meter_events"""
        params.accept("event_name", "identifier", "payload", "timestamp")
        return self.take(
            params.required_text("event_name"),
            params.texts("payload"),
            params.integer("timestamp"),
            params.text("identifier"),
        )

    def take(self, event_name: str, payload: dict[str, str], timestamp: int | None, identifier: str | None) -> Object:
        """Count one event; RefusedError says what is wrong with it."""
        meter = self._meter(event_name)
        customer, value = self._check_payload(meter, payload)
        now = self._times.now_of(customer)
        moment = _checked_moment(now, timestamp)
        name = self._fresh(identifier)
        event = {
            "object": "billing.meter_event",
            "created": now,
            "event_name": meter["event_name"],
            "identifier": name,
            "livemode": False,
            "payload": payload,
            "timestamp": moment,
        }
        self._taken[name] = event
        self._usage.add(meter, customer["id"], name, moment, value)
        return event

    def adjust(self, params: Params) -> Object:
        """POST /v1/billing/meter_event_adjustments: count an event no more, within 24 hours after it was taken."""
        params.accept("cancel", "event_name", "type")
        params.choice("type", ("cancel",))
        cancel = params.required_group("cancel")
        cancel.accept("identifier")
        identifier, event_name = cancel.required_text("identifier"), params.required_text("event_name")
        event = self._taken.get(identifier)
        if event is None or event["event_name"] != event_name:
            raise no_such("meter event", identifier, "cancel[identifier]")
        self._check_cancel(event)
        self._cancelled.add(identifier)
        self._usage.cancel(identifier)
        return {
            "object": "billing.meter_event_adjustment",
            "cancel": {"identifier": identifier},
            "event_name": event_name,
            "livemode": False,
            "status": "pending",
            "type": "cancel",
        }

    def all(self) -> list[Object]:
        """Every event, in the order in which they were taken."""
        return list(self._taken.values())

    def _check_cancel(self, event: Object) -> None:
        if event["identifier"] in self._cancelled:
            raise RefusedError(400, f"The meter event {event['identifier']} has been cancelled already.")
        if int(self._times.main()) > event["created"] + CANCEL_SECONDS:
            message = "Meter events can be cancelled within 24 hours after they were received."
            raise invalid_parameter("cancel[identifier]", message)

    def _meter(self, event_name: str) -> Object:
        meter = self._meters.active_for(event_name)
        if meter is None:
            raise invalid_parameter(
                "event_name", f"No active meter found for event name: '{event_name}'.", "resource_missing"
            )
        return meter

    def _check_payload(self, meter: Object, payload: dict[str, str]) -> tuple[Object, int]:
        customer_key = meter["customer_mapping"]["event_payload_key"]
        value_key = meter["value_settings"]["event_payload_key"]
        for key in (customer_key, value_key):
            if not payload.get(key):
                raise invalid_parameter("payload", f"Missing key '{key}' in the meter event's payload.")
        customer = self._customers.living(payload[customer_key], f"payload[{customer_key}]")
        if not _is_whole(payload[value_key]):
            message = f"The value '{payload[value_key]}' is not a whole number of up to {VALUE_DIGITS} digits."
            raise invalid_parameter(f"payload[{value_key}]", message)
        return customer, int(payload[value_key])

    def _fresh(self, given: str | None) -> str:
        identifier = given or new_id("mtrevt")
        if len(identifier) > IDENTIFIER_LENGTH:
            raise invalid_parameter("identifier", "The identifier can have up to 100 characters.")
        if identifier in self._taken:
            message = f"An event already exists with identifier {identifier}."
            raise RefusedError(400, message, headers={"Stripe-Should-Retry": "false"})
        return identifier


def _checked_moment(now: int, given: int | None) -> int:
    timestamp = now if given is None else given
    if timestamp < now - PAST_SECONDS:
        raise invalid_parameter(
            "timestamp", "The timestamp must be within the past 35 calendar days.", "timestamp_too_old"
        )
    if timestamp > now + AHEAD_SECONDS:
        raise invalid_parameter(
            "timestamp", "The timestamp must not be more than 5 minutes in the future.", "timestamp_in_future"
        )
    return timestamp


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) <= VALUE_DIGITS
