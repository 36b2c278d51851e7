"""What `/usage` takes and answers, as clients see it."""

from service.domain.c2pa_facts import EventType
from service.domain.paging import NEXT_CURSOR
from service.domain.schema import Anything, Choice, Instant, Listing, Members, Nullable, Record, Whole
from service.domain.tenant import TENANT_ID
from service.domain.usage import CODES, EVENT_ID, EVENT_TYPE, MAX_EVENTS, USAGE_EVENT, Outcome
from service.ledger.usage import Granularity

_EXACT = 2**53 - 1

USAGE_REPORT = Record(
    {
        "events": Listing(
            Anything(shown=USAGE_EVENT, about="Anything else is rejected by itself, with a code."), 1, MAX_EVENTS
        )
    },
    name="UsageReport",
)
EVENT_RESULT = Record(
    {
        "event_id": Nullable(EVENT_ID),
        "status": Choice(list(Outcome)),
        "code": Choice(CODES, about="Why it was rejected."),
    },
    optional=frozenset({"code"}),
    name="EventResult",
    about="What became of one event; `event_id` is null where it was itself bad.",
)
REPORT_RESULT = Record({"results": Listing(EVENT_RESULT, 1, MAX_EVENTS)}, name="UsageReportResult")
USAGE_BUCKET = Record(
    {
        "start": Instant("Start of the hour, day or month."),
        "event_type": EVENT_TYPE,
        "value": Whole(1, _EXACT, about="What was used in it; where nothing was, there is no bucket."),
    },
    name="UsageBucket",
)
USAGE_PAGE = Record(
    {
        "tenant_id": TENANT_ID,
        "from": Instant("Start of the first hour."),
        "to": Instant("End of the last hour."),
        "granularity": Choice(list(Granularity)),
        "totals": Members(
            Whole(1, _EXACT), names="|".join(EventType), about="Of the whole range; only what was used is there."
        ),
        "data": Listing(USAGE_BUCKET),
        "next_cursor": NEXT_CURSOR,
    },
    name="UsagePage",
)
