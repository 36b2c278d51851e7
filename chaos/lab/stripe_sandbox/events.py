"""Stripe's events: what happened to which object, kept for listing and handed to whoever listens."""

from collections.abc import Callable
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params

API_VERSION = "2025-03-31.basil"

# The request that is being answered, as events quote it: id and idempotency key.
CURRENT_REQUEST: ContextVar[dict[str, str | None]] = ContextVar("current_request")


class Events:
    """Records events and tells one listener about each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.log = Collection("event")
        self.listener: Callable[[Object], None] | None = None

    def record(self, kind: str, thing: Object, previous: Object | None = None) -> None:
        """An event of `kind` with the object as it is now, and what changed fields held before."""
        data: dict[str, Any] = {"object": deepcopy(thing)}
        if previous is not None:
            data["previous_attributes"] = changed(previous, thing)
        event = self.log.add(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": int(self._clock()),
                "data": data,
                "livemode": False,
                "pending_webhooks": 0 if self.listener is None else 1,
                "request": CURRENT_REQUEST.get({"id": None, "idempotency_key": None}),
                "type": kind,
            }
        )
        if self.listener is not None:
            self.listener(event)

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/events/{id}"""
        params.accept()
        return self.log.get(identifier)

    def index(self, params: Params) -> Object:
        """GET /v1/events"""
        params.accept("type", *PAGING)
        kind = params.text("type")
        return self.log.page(params, "/v1/events", lambda event: kind in {None, event["type"]})


def changed(previous: Object, current: Object) -> Object:
    """The fields of `previous` whose values differ now."""
    return {key: deepcopy(value) for key, value in previous.items() if current.get(key) != value}
