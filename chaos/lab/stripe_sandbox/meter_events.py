"""Meter events: usage as it is reported, each identifier taken once."""

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Clock, Object, new_id
from chaos.lab.stripe_sandbox.params import Params

PAST_SECONDS = 35 * 24 * 3600
AHEAD_SECONDS = 5 * 60
IDENTIFIER_LENGTH = 100


class MeterEvents:
    """The endpoint /v1/billing/meter_events.

    Stripe promises that identifiers are unique for at least 24 hours; here they stay so until the process ends.
    """

    def __init__(self, meters: Meters, customers: Customers, clock: Clock) -> None:
        self._meters = meters
        self._customers = customers
        self._clock = clock
        self._taken: dict[str, Object] = {}

    def create(self, params: Params) -> Object:
        """POST /v1/billing/meter_events"""
        params.accept("event_name", "identifier", "payload", "timestamp")
        meter = self._meter(params.required_text("event_name"))
        payload = params.texts("payload")
        self._check_payload(meter, payload)
        timestamp = self._timestamp(params.integer("timestamp"))
        identifier = self._identifier(params.text("identifier"))
        event = {
            "object": "billing.meter_event",
            "created": int(self._clock()),
            "event_name": meter["event_name"],
            "identifier": identifier,
            "livemode": False,
            "payload": payload,
            "timestamp": timestamp,
        }
        self._taken[identifier] = event
        return event

    def all(self) -> list[Object]:
        """Every event, in the order in which they were taken."""
        return list(self._taken.values())

    def _meter(self, event_name: str) -> Object:
        meter = self._meters.active_for(event_name)
        if meter is None:
            raise invalid_parameter(
                "event_name", f"No active meter found for event name: '{event_name}'.", "resource_missing"
            )
        return meter

    def _check_payload(self, meter: Object, payload: dict[str, str]) -> None:
        customer_key = meter["customer_mapping"]["event_payload_key"]
        value_key = meter["value_settings"]["event_payload_key"]
        for key in (customer_key, value_key):
            if not payload.get(key):
                raise invalid_parameter("payload", f"Missing key '{key}' in the meter event's payload.")
        self._customers.living(payload[customer_key], f"payload[{customer_key}]")
        if not _is_whole(payload[value_key]):
            message = f"The value '{payload[value_key]}' is not a whole number."
            raise invalid_parameter(f"payload[{value_key}]", message)

    def _timestamp(self, given: int | None) -> int:
        now = int(self._clock())
        timestamp = now if given is None else given
        if timestamp < now - PAST_SECONDS:
            raise invalid_parameter(
                "timestamp", "The timestamp must be within the past 35 calendar days.", "timestamp_too_old"
            )
        if timestamp > now + AHEAD_SECONDS:
            raise invalid_parameter(
                "timestamp",
                "The timestamp must not be more than 5 minutes in the future.",
                "timestamp_in_future",
            )
        return timestamp

    def _identifier(self, given: str | None) -> str:
        identifier = given or new_id("mtrevt")
        if len(identifier) > IDENTIFIER_LENGTH:
            raise invalid_parameter("identifier", "The identifier can have up to 100 characters.")
        if identifier in self._taken:
            message = f"An event already exists with identifier {identifier}."
            raise RefusedError(400, message, headers={"Stripe-Should-Retry": "false"})
        return identifier


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdecimal()
