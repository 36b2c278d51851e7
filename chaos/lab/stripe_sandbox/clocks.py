"""Test clocks: a time of their own for some customers."""

from collections.abc import Callable

from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.objects import PAGING, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Timeline, Times

KEPT_SECONDS = 30 * 24 * 3600


class TestClocks:
    """The endpoints under /v1/test_helpers/test_clocks."""

    def __init__(self, times: Times, events: Events) -> None:
        self._times = times
        self._events = events
        self.kept = Collection("test_clock")
        self.before_delete: Callable[[str], None] = lambda _: None

    def create(self, params: Params) -> Object:
        """POST /v1/test_helpers/test_clocks"""
        params.accept("frozen_time", "name")
        now, frozen = int(self._times.main()), params.required_integer("frozen_time")
        clock = {
            "id": new_id("clock"),
            "object": "test_helpers.test_clock",
            "created": now,
            "deletes_after": now + KEPT_SECONDS,
            "frozen_time": frozen,
            "livemode": False,
            "name": params.text("name"),
            "status": "ready",
            "status_details": {},
        }
        timeline = Timeline(lambda: float(frozen))
        self._times.test_clocks[str(clock["id"])] = timeline
        self._events.record("test_helpers.test_clock.created", self.kept.add(clock))
        return clock

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/test_helpers/test_clocks/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def advance(self, params: Params, identifier: str) -> Object:
        """POST /v1/test_helpers/test_clocks/{id}/advance; ready as soon as it answers."""
        params.accept("frozen_time")
        clock = self.kept.get(identifier)
        moment = params.required_integer("frozen_time")
        self._times.test_clocks[identifier].move_to(moment, "frozen_time")
        clock["frozen_time"] = moment
        self._events.record("test_helpers.test_clock.ready", clock)
        return clock

    def delete(self, params: Params, identifier: str) -> Object:
        """DELETE /v1/test_helpers/test_clocks/{id}; its customers go with it."""
        params.accept()
        clock = self.kept.get(identifier)
        self.before_delete(identifier)
        self.kept.remove(identifier)
        self._events.record("test_helpers.test_clock.deleted", clock)
        return {"id": identifier, "object": "test_helpers.test_clock", "deleted": True}

    def index(self, params: Params) -> Object:
        """GET /v1/test_helpers/test_clocks"""
        params.accept(*PAGING)
        return self.kept.page(params, "/v1/test_helpers/test_clocks")
