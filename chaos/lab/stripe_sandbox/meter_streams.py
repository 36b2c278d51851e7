"""Meter events in bulk (API v2): sessions with a token, and events that are judged after they were taken."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, unauthorized
from chaos.lab.stripe_sandbox.meter_events import MeterEvents
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.thin_events import Problem, ThinEvents, moment_text
from chaos.lab.stripe_sandbox.timeline import Times

SESSION_SECONDS = 15 * 60
EVENTS_A_REQUEST = 100
CODES = {
    "timestamp_too_old": "timestamp_too_far_in_past",
    "timestamp_in_future": "timestamp_in_future",
    "resource_missing": "meter_event_customer_not_found",
}


class MeterStreams:
    """The endpoints /v2/billing/meter_event_session and /v2/billing/meter_event_stream."""

    def __init__(self, meters: Meters, meter_events: MeterEvents, thin_events: ThinEvents, times: Times) -> None:
        self._meters = meters
        self._meter_events = meter_events
        self._thin_events = thin_events
        self._times = times
        self._tokens: dict[str, int] = {}

    def open(self, params: Params) -> Object:
        """POST /v2/billing/meter_event_session: a token for 15 minutes."""
        params.accept()
        now = int(self._times.main())
        token = new_id("meter_event_session_token")
        self._tokens[token] = now + SESSION_SECONDS
        return {
            "id": new_id("mes"),
            "object": "v2.billing.meter_event_session",
            "authentication_token": token,
            "created": moment_text(now),
            "expires_at": moment_text(now + SESSION_SECONDS),
            "livemode": False,
        }

    def admit(self, token: str) -> None:
        """Let a session's token pass while it is valid."""
        if token not in self._tokens:
            raise unauthorized("The meter event stream takes the authentication token of a meter event session only.")
        if self._times.main() >= self._tokens[token]:
            message = "The session has expired; create another one."
            raise RefusedError(400, message, "temporary_session_expired", "billing_meter_event_session_expired")

    def create(self, params: Params) -> Object:
        """POST /v2/billing/meter_event_stream: up to 100 events; the bad ones are reported by thin events."""
        params.accept("events")
        events = params.groups("events")
        if not 1 <= len(events) <= EVENTS_A_REQUEST:
            raise invalid_parameter("events", f"Between 1 and {EVENTS_A_REQUEST} events are taken at once.")
        for event in events:
            event.accept("event_name", "identifier", "payload", "timestamp")
            event.required_text("event_name")
            event.texts("payload")
        problems = [problem for event in events if (problem := self._take(event)) is not None]
        self._thin_events.report(problems)
        return {}

    def _take(self, event: Params) -> Problem | None:
        event_name, identifier = event.required_text("event_name"), event.text("identifier") or new_id("mtrevt")
        meter = self._meters.active_for(event_name)
        try:
            self._meter_events.take(event_name, event.texts("payload"), _moment(event), identifier)
        except RefusedError as refusal:
            if refusal.headers:
                return None
            code = "no_meter" if meter is None else CODES.get(refusal.code or "", "meter_event_invalid_value")
            return Problem(code, refusal.message, identifier, None if meter is None else meter["id"])
        return None


def problems_of(rows: Sequence[Object]) -> list[Problem]:
    """Problems as the sandbox's control describes them."""
    return [
        Problem(
            str(row.get("code", "meter_event_invalid_value")),
            str(row.get("message", "The meter event's value is invalid.")),
            str(row.get("identifier", new_id("mtrevt"))),
            row.get("meter"),
        )
        for row in rows
    ]


def _moment(event: Params) -> int | None:
    text = event.text("timestamp")
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
    except ValueError as error:
        raise invalid_parameter("events[timestamp]", f"Invalid timestamp: {text}; expected RFC 3339.") from error
