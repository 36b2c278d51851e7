"""Thin events (API v2): small notices about meter errors, whose data is fetched by their id."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chaos.lab.stripe_sandbox.objects import Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.timeline import Times

SAMPLES = 10
WINDOW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """A meter event that was not counted; without a `meter_id`, no meter had its name."""

    code: str
    message: str
    identifier: str
    meter_id: str | None = None


class ThinEvents:
    """The endpoint /v2/core/events, and who is told."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self.kept = Collection("event")
        self.listener: Callable[[Object], None] | None = None

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v2/core/events/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def report(self, problems: Sequence[Problem]) -> list[Object]:
        """An event for each meter that had problems, and one for events without a meter."""
        by_meter: dict[str | None, list[Problem]] = defaultdict(list)
        for problem in problems:
            by_meter[problem.meter_id].append(problem)
        return [self._record(meter_id, found) for meter_id, found in by_meter.items()]

    def _record(self, meter_id: str | None, problems: Sequence[Problem]) -> Object:
        now = int(self._times.main())
        name = "no_meter_found" if meter_id is None else "error_report_triggered"
        notice: Object = {
            "id": new_id("evt_test"),
            "object": "v2.core.event",
            "context": None,
            "created": moment_text(now),
            "livemode": False,
            "reason": None,
            "type": f"v1.billing.meter.{name}",
        }
        if meter_id is not None:
            url = f"/v1/billing/meters/{meter_id}"
            notice["related_object"] = {"id": meter_id, "type": "billing.meter", "url": url}
        data = _data(problems, now)
        self.kept.add(notice | {"changes": None, "data": data, "snapshot_event": None})
        if self.listener is not None:
            self.listener(notice | {"object": "v2.core.event"})
        return notice


def moment_text(moment: int) -> str:
    """A unix time as API v2 writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _data(problems: Sequence[Problem], now: int) -> Object:
    by_code: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_code[problem.code].append(problem)
    return {
        "developer_message_summary": f"There are {len(problems)} invalid events",
        "reason": {
            "error_count": len(problems),
            "error_types": [_error_type(code, found) for code, found in by_code.items()],
        },
        "validation_end": moment_text(now),
        "validation_start": moment_text(now - WINDOW_SECONDS),
    }


def _error_type(code: str, problems: Sequence[Problem]) -> Object:
    samples = [
        {"error_message": problem.message, "request": {"identifier": problem.identifier}}
        for problem in problems[:SAMPLES]
    ]
    return {"code": code, "error_count": len(problems), "sample_errors": samples}
