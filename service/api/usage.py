"""`/usage`: report what was used, and read it back."""

from collections.abc import Iterable
from dataclasses import asdict

from aiohttp import web

from service.api.body import read_json
from service.api.tenants import own_tenant_id
from service.domain.usage import Outcome, Rejection, UsageEvent, parse_report
from service.parts import CLOCK, TELEMETRY, TENANT_ID, USAGE_INTAKE, USAGE_READER

Result = tuple[UsageEvent | Rejection, Outcome]

_UNKNOWN_EVENT_TYPE = "_OTHER"


async def report_usage(request: web.Request) -> web.Response:
    """Answer each event by itself; the answer waits until the ledger has the accepted ones on disk."""
    reported = parse_report(await read_json(request), request.app[CLOCK]())
    events = [event for event in reported if isinstance(event, UsageEvent)]
    outcomes = await request.app[USAGE_INTAKE].take(request[TENANT_ID], events) if events else []
    results = _results(reported, outcomes)
    counter = request.app[TELEMETRY].instruments.usage_events
    for event, outcome in results:
        event_type = event.event_type or _UNKNOWN_EVENT_TYPE
        counter.add(1, {"billing.usage.event_type": event_type, "billing.usage.outcome": outcome.value})
    return web.json_response({"results": [_shown(*result) for result in results]})


async def read_usage(request: web.Request) -> web.Response:
    tenant_id = own_tenant_id(request)
    usage = await request.app[USAGE_READER].read(tenant_id, request.app[CLOCK]())
    hours = [asdict(hour) for hour in usage.hours]
    return web.json_response({"tenant_id": tenant_id, "totals": usage.totals, "hours": hours})


def _results(reported: list[UsageEvent | Rejection], outcomes: Iterable[Outcome]) -> list[Result]:
    taken = iter(outcomes)
    return [(event, Outcome.REJECTED if isinstance(event, Rejection) else next(taken)) for event in reported]


def _shown(event: UsageEvent | Rejection, outcome: Outcome) -> dict[str, object]:
    result: dict[str, object] = {"event_id": event.event_id, "status": outcome}
    if isinstance(event, Rejection):
        result["code"] = event.code
    return result
