"""Stripe's events: what happened to which object, kept for listing and handed to whoever listens."""

from collections.abc import Callable
from contextvars import ContextVar
from copy import deepcopy
from typing import Any

from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times

API_VERSION = "2026-10-28.endive"

# The request that is being answered, as events quote it: id and idempotency key.
CURRENT_REQUEST: ContextVar[dict[str, str | None]] = ContextVar("current_request")


class Events:
    """Records events and tells one listener about each."""

    def __init__(self, times: Times) -> None:
        self._times = times
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
                "created": self._times.now_of(thing),
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
        params.accept("created", "type", "types", *PAGING)
        kinds = {params.text("type")} if "type" in params else set(params.list_of_texts("types"))
        created = params.time_range("created")
        return self.log.page(
            params,
            "/v1/events",
            lambda event: (not kinds or event["type"] in kinds) and created(event["created"]),
        )


def changed(previous: Object, current: Object) -> Object:
    """The fields of `previous` whose values differ now; of nested objects, only what differs inside."""
    return {
        key: changed(value, current[key]) if _nested(value, current.get(key)) else deepcopy(value)
        for key, value in previous.items()
        if current.get(key) != value
    }


def _nested(before: object, after: object) -> bool:
    return isinstance(before, dict) and isinstance(after, dict) and before.get("object") != "list"
