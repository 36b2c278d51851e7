"""`/tenants/{tenant_id}/audit`: who changed what, and by which request."""

from aiohttp import web

from service.api.route import Answer, Route
from service.documents import shown_record
from service.domain.api_key import Scope
from service.domain.audit_entry import SERVICE
from service.domain.paging import NEXT_CURSOR, PAGE_QUERY
from service.domain.schema import Either, Instant, Listing, Members, Nullable, Record, Text, Whole
from service.parts import AUDIT_TRAIL, QUERY
from service.parts import TENANT_ID as OWN

_DETAIL = Nullable(Either((Whole(-(2**53), 2**53), Text(1000, min_length=0, pattern="(?s:.*)"))))
AUDIT_RECORD = Record(
    {
        "id": Text(40, pattern="[0-9]+-[0-9]+"),
        "at": Instant(),
        "actor": Text(
            300,
            pattern="(key|stripe):.+|operator|service",
            about=f"`key:` and the id of an API key, `stripe:` and the id of an event, `operator`, or `{SERVICE}`.",
        ),
        "action": Text(64, pattern=r"[a-z_]+\.[a-z_]+", about="What was done, such as `tenant.plan_changed`."),
        "request_id": Text(64, min_length=0, pattern=".*", about="X-Request-Id of the request that did it."),
        "details": Members(_DETAIL, about="Changed fields stand as `<field>.before` and `<field>.after`."),
    },
    name="AuditRecord",
)
AUDIT_PAGE = Record({"data": Listing(AUDIT_RECORD), "next_cursor": NEXT_CURSOR}, name="AuditPage")


async def read_audit_trail(request: web.Request) -> web.Response:
    query = request[QUERY]
    records, cursor = await request.app[AUDIT_TRAIL].page(request[OWN], query.get("cursor"), query["limit"])
    return web.json_response({"data": [shown_record(record) for record in records], "next_cursor": cursor})


ROUTES = (
    Route(
        "GET",
        "/tenants/{tenant_id}/audit",
        read_audit_trail,
        scope=Scope.AUDIT_READ,
        tag="Audit",
        summary="Read the audit trail",
        about="Newest first. The trail is only ever appended to, in the same step as the change that it tells of.",
        query=PAGE_QUERY,
        answers=(Answer(200, "What was done.", AUDIT_PAGE),),
    ),
)
