"""Billing meters."""

from chaos.lab.stripe_sandbox.errors import RefusedError, missing_parameter
from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params

FORMULAS = ("count", "last", "sum")
STATUSES = ("active", "inactive")


class Meters:
    """The endpoints under /v1/billing/meters."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept = Collection("billing.meter")

    def create(self, params: Params) -> Object:
        """POST /v1/billing/meters; an event name belongs to one active meter."""
        params.accept("customer_mapping", "default_aggregation", "display_name", "event_name", "value_settings")
        event_name = params.required_text("event_name")
        if self.active_for(event_name) is not None:
            message = f"There is already an active meter with the event name '{event_name}'."
            raise RefusedError(400, message, param="event_name")
        now = int(self._clock())
        return self.kept.add(
            {
                "id": new_id("mtr_test"),
                "object": "billing.meter",
                "created": now,
                "customer_mapping": {"event_payload_key": _customer_key(params), "type": "by_id"},
                "default_aggregation": {"formula": _formula(params)},
                "display_name": params.required_text("display_name"),
                "event_name": event_name,
                "event_time_window": None,
                "livemode": False,
                "status": "active",
                "status_transitions": {"deactivated_at": None},
                "updated": now,
                "value_settings": {"event_payload_key": _value_key(params)},
            }
        )

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/billing/meters/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def index(self, params: Params) -> Object:
        """GET /v1/billing/meters"""
        params.accept("status", *PAGING)
        status = params.choice("status", STATUSES)
        return self.kept.page(params, "/v1/billing/meters", lambda meter: status in {None, meter["status"]})

    def deactivate(self, params: Params, identifier: str) -> Object:
        """POST /v1/billing/meters/{id}/deactivate"""
        params.accept()
        return self._set(identifier, "inactive", int(self._clock()))

    def reactivate(self, params: Params, identifier: str) -> Object:
        """POST /v1/billing/meters/{id}/reactivate"""
        params.accept()
        return self._set(identifier, "active", None)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/billing/meters/{id}"""
        params.accept("display_name")
        meter = self.kept.get(identifier)
        meter |= {"display_name": params.required_text("display_name"), "updated": int(self._clock())}
        return meter

    def _set(self, identifier: str, status: str, deactivated_at: int | None) -> Object:
        meter = self.kept.get(identifier)
        if meter["status"] == status:
            raise RefusedError(400, f"This meter is already {status}.", param="id")
        meter |= {"status": status, "updated": int(self._clock())}
        meter["status_transitions"] = {"deactivated_at": deactivated_at}
        return meter

    def customer_key(self, event_name: str) -> str:
        """The payload's key that names the customer."""
        meter = self.active_for(event_name)
        return "" if meter is None else str(meter["customer_mapping"]["event_payload_key"])

    def active_for(self, event_name: str) -> Object | None:
        """The meter that counts events of that name."""
        for meter in self.kept.all():
            if meter["event_name"] == event_name and meter["status"] == "active":
                return meter
        return None


def _formula(params: Params) -> str:
    aggregation = params.required_group("default_aggregation")
    aggregation.accept("formula")
    formula = aggregation.choice("formula", FORMULAS)
    if formula is None:
        raise missing_parameter("default_aggregation[formula]")
    return formula


def _customer_key(params: Params) -> str:
    mapping = params.group("customer_mapping")
    if mapping is None:
        return "stripe_customer_id"
    mapping.accept("event_payload_key", "type")
    mapping.choice("type", ("by_id",))
    return mapping.required_text("event_payload_key")


def _value_key(params: Params) -> str:
    settings = params.group("value_settings")
    if settings is None:
        return "value"
    settings.accept("event_payload_key")
    return settings.required_text("event_payload_key")
