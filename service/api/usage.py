"""`/usage`: report what was used, and read it back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from service.accrual_metrics import record_accrual
from service.api.cost_cap import ABOUT, ABOUT_TRIAL, RETRY_AFTER, cap_headers, seconds_to_next_day
from service.api.route import Answer, Route
from service.api.usage_schemas import REPORT_RESULT, USAGE_PAGE, USAGE_REPORT
from service.domain.api_key import Scope
from service.domain.billing_period import month_start
from service.domain.c2pa_facts import EventType
from service.domain.paging import PAGE_QUERY
from service.domain.schema import Choice, Instant
from service.domain.timestamp import format_seconds, parse_rfc3339
from service.domain.usage import LIMITS, Code, Outcome, Rejection, UsageEvent, parse_report
from service.errors import (
    DailyCostCapExceededError,
    FieldError,
    TenantCanceledError,
    TenantSuspendedError,
    TrialLimitExceededError,
    ValidationError,
)
from service.ledger.ingest import Intake, Taken
from service.ledger.span import Span
from service.ledger.usage import Granularity, UsagePage
from service.parts import (
    BODY,
    CATALOG,
    CLOCK,
    QUERY,
    REQUEST_ID,
    TELEMETRY,
    TENANT_ID,
    TOP_COSTS,
    USAGE_INTAKE,
    USAGE_READER,
)
from service.usage_metrics import Result, record_usage

MAX_SPAN = timedelta(days=400)
YEARS = range(2000, 2200)


async def report_usage(request: web.Request) -> web.Response:
    """Answer each event by itself; the answer waits until the ledger has the accepted ones on disk."""
    now = request.app[CLOCK]()
    reported = parse_report(request[BODY]["events"], now)
    events = [event for event in reported if isinstance(event, UsageEvent)]
    intake = await request.app[USAGE_INTAKE].take(request[TENANT_ID], events, now, request[REQUEST_ID])
    results = _results(reported, intake.outcomes)
    _record(request, intake, results)
    shown, headers = [_shown(*result) for result in results], cap_headers(intake, request.app[CATALOG], now)
    _refuse_where_nothing_passed(results, shown, headers, now)
    return web.json_response({"results": shown}, headers=headers)


async def read_usage(request: web.Request) -> web.Response:
    query, tenant_id = request[QUERY], request[TENANT_ID]
    start, end = read_span(query, request.app[CLOCK]())
    granularity, chosen = Granularity(query["granularity"]), query.get("event_type")
    page = await request.app[USAGE_READER].page(
        tenant_id,
        start,
        end,
        granularity,
        None if chosen is None else EventType(chosen),
        query.get("cursor"),
        query["limit"],
    )
    return web.json_response(_shown_page(tenant_id, Span.around(start, end), granularity, page))


def read_span(query: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """The instants `from` and `to`, by default from the start of the month until now; raises ValidationError."""
    given = {name: parse_rfc3339(query[name]) for name in ("from", "to") if name in query}
    faults = [
        FieldError(name, f"must be in the years {YEARS[0]} to {YEARS[-1]}")
        for name, instant in given.items()
        if instant is None or instant.year not in YEARS
    ]
    end = given.get("to") or now
    start = given.get("from") or month_start(end - timedelta(microseconds=1))
    if not faults and not start < end:
        faults.append(FieldError("from", "must be before `to`"))
    if not faults and end - start > MAX_SPAN:
        faults.append(FieldError("from", f"must be at most {MAX_SPAN.days} days before `to`"))
    if faults:
        raise ValidationError(tuple(faults))
    return start, end


def _record(request: web.Request, intake: Intake, results: Sequence[Result]) -> None:
    instruments, model = request.app[TELEMETRY].instruments, request.app[CATALOG].cost_model
    record_usage(instruments, results, intake.steps_crossed)
    record_accrual(instruments, request.app[TOP_COSTS], model, request[TENANT_ID], intake, results)


def _results(reported: Iterable[UsageEvent | Rejection], outcomes: Iterable[Taken]) -> list[Result]:
    taken = iter(outcomes)
    return [
        (event, Taken(Outcome.REJECTED, event.code) if isinstance(event, Rejection) else next(taken))
        for event in reported
    ]


def _refuse_where_nothing_passed(
    results: Sequence[Result], shown: list[dict[str, object]], headers: Mapping[str, str], now: datetime
) -> None:
    """Raises LimitExceededError if limits refused every event; the first one's is named."""
    codes = [taken.code for _, taken in results]
    if not all(code in LIMITS for code in codes):
        return
    if codes[0] == Code.TRIAL_LIMIT_EXCEEDED:
        raise TrialLimitExceededError(shown, headers)
    raise DailyCostCapExceededError(shown, {**headers, RETRY_AFTER: str(seconds_to_next_day(now))})


def _shown(event: UsageEvent | Rejection, taken: Taken) -> dict[str, object]:
    result: dict[str, object] = {"event_id": event.event_id, "status": taken.outcome}
    return result if taken.code is None else {**result, "code": taken.code}


def _shown_page(tenant_id: str, span: Span, granularity: Granularity, page: UsagePage) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "from": _instant(span.start),
        "to": _instant(span.end),
        "granularity": granularity,
        "totals": page.totals,
        "data": [
            {"start": _instant(bucket.start), "event_type": bucket.event_type, "value": bucket.value}
            for bucket in page.buckets
        ],
        "next_cursor": page.next_cursor,
    }


def _instant(instant: datetime) -> str:
    return format_seconds(int(instant.timestamp()))


ROUTES = (
    Route(
        "POST",
        "/usage/report",
        report_usage,
        scope=Scope.USAGE_WRITE,
        tag="Usage",
        summary="Report usage events",
        about=(
            "Each event is judged by itself and counted once, however often it is reported. Where limits refuse every "
            "event the answer is 429, with the `results` in the problem."
        ),
        body=USAGE_REPORT,
        answers=(
            Answer(
                200, "What became of each event, in order.", REPORT_RESULT, headers=ABOUT, optional_headers=ABOUT_TRIAL
            ),
        ),
        errors=(TenantSuspendedError, TenantCanceledError, TrialLimitExceededError, DailyCostCapExceededError),
    ),
    Route(
        "GET",
        "/usage/{tenant_id}",
        read_usage,
        scope=Scope.USAGE_READ,
        tag="Usage",
        summary="Read what was used",
        about="Hours, days and months are those of the events' own timestamps, in UTC.",
        query={
            "from": Instant("Where the range begins, rounded down to the hour; by default the month's start."),
            "to": Instant("Where it ends, itself excluded, rounded up to the hour; by default now."),
            "granularity": Choice(list(Granularity), default=Granularity.DAY, about="Length of a bucket."),
            "event_type": Choice(list(EventType), about="Only this type; by default all."),
            **PAGE_QUERY,
        },
        answers=(Answer(200, "Buckets in order, and the totals of the whole range.", USAGE_PAGE),),
    ),
)
