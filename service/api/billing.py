"""`/billing/portal`, `/billing/checkout` and `/billing/invoices`: Stripe's pages for the tenant, and its invoices."""

from aiohttp import web

from service.api.amounts import CENTS, PERIOD
from service.api.route import Answer, Route
from service.documents import shown_invoice
from service.domain.api_key import Scope
from service.domain.paging import NEXT_CURSOR, PAGE_QUERY, decode_cursor, encode_cursor
from service.domain.return_url import RETURN_URL, foreign_urls
from service.domain.schema import Choice, Flag, Instant, Listing, Nullable, Record, Text, Whole
from service.domain.seed import stripe_key
from service.errors import PaymentsRejectedError, PaymentsUnavailableError, TenantCanceledError, ValidationError
from service.parts import BODY, GATEWAY, QUERY, SEED, TENANCY, WEB
from service.parts import TENANT_ID as OWN

_LISTING = "invoices"
_INVOICE_ID = "in_[A-Za-z0-9_]{1,120}"
_URL = Text(5000, pattern="https?://[!-~]+", min_length=8)
_ANY_TEXT = Text(2000, min_length=0, pattern="(?s:.*)")

PORTAL = Record({"return_url": RETURN_URL}, name="PortalOrder")
CHECKOUT = Record({"success_url": RETURN_URL, "cancel_url": RETURN_URL}, name="CheckoutOrder")
PAGE = Record({"url": _URL}, name="HostedPage")
INVOICE_LINE = Record(
    {
        "description": _ANY_TEXT,
        "quantity": Nullable(Whole(-(2**53), 2**53)),
        "amount_cents": CENTS,
        "period": PERIOD,
        "proration": Flag(about="Whether the line settles a change within the period."),
    },
    name="InvoiceLine",
)
INVOICE = Record(
    {
        "id": Text(125, pattern=_INVOICE_ID),
        "number": Nullable(_ANY_TEXT),
        "status": Choice(["draft", "open", "paid", "uncollectible", "void"]),
        "currency": Text(3, 3, pattern="[a-z]{3}"),
        "amount_due_cents": CENTS,
        "amount_paid_cents": CENTS,
        "amount_remaining_cents": CENTS,
        "created_at": Instant(),
        "due_at": Nullable(Instant()),
        "period": PERIOD,
        "hosted_url": Nullable(_URL),
        "pdf_url": Nullable(_URL),
        "lines": Listing(INVOICE_LINE),
    },
    name="Invoice",
)
INVOICES = Record({"data": Listing(INVOICE), "next_cursor": NEXT_CURSOR}, name="Invoices")


async def open_portal(request: web.Request) -> web.Response:
    _refuse_foreign(request)
    tenant = await request.app[TENANCY].running(request[OWN])
    url = await request.app[GATEWAY].portal_session(tenant.customer_id, request[BODY]["return_url"])
    return web.json_response({"url": url})


async def open_checkout(request: web.Request) -> web.Response:
    _refuse_foreign(request)
    tenant, body = await request.app[TENANCY].running(request[OWN]), request[BODY]
    url = await request.app[GATEWAY].checkout_session(
        tenant.customer_id,
        tenant.tenant_id,
        tenant.subscription_id,
        body["success_url"],
        body["cancel_url"],
        stripe_key(request[SEED], "checkout"),
    )
    return web.json_response({"url": url})


async def list_invoices(request: web.Request) -> web.Response:
    query = request[QUERY]
    after = decode_cursor(_LISTING, query["cursor"], _INVOICE_ID) if "cursor" in query else None
    tenant = await request.app[TENANCY].of(request[OWN])
    page = await request.app[GATEWAY].invoices(tenant.customer_id, query["limit"], after)
    cursor = encode_cursor(_LISTING, page.invoices[-1].id) if page.has_more and page.invoices else None
    return web.json_response({"data": [shown_invoice(each) for each in page.invoices], "next_cursor": cursor})


def _refuse_foreign(request: web.Request) -> None:
    faults = tuple(foreign_urls(request[BODY], request.app[WEB].allowed_origins))
    if faults:
        raise ValidationError(faults)


_STRIPE_ERRORS = (PaymentsRejectedError, PaymentsUnavailableError)

ROUTES = (
    Route(
        "POST",
        "/billing/portal",
        open_portal,
        scope=Scope.BILLING_WRITE,
        tag="Billing",
        summary="Open the customer portal",
        about="A page of Stripe's to change payment methods and look at invoices.",
        body=PORTAL,
        answers=(Answer(200, "Where to send the browser.", PAGE),),
        errors=(*_STRIPE_ERRORS, TenantCanceledError),
    ),
    Route(
        "POST",
        "/billing/checkout",
        open_checkout,
        scope=Scope.BILLING_WRITE,
        tag="Billing",
        summary="Enter a payment method",
        about="A page of Stripe's. What it collects pays for the subscription that is running already.",
        body=CHECKOUT,
        answers=(Answer(200, "Where to send the browser.", PAGE),),
        errors=(*_STRIPE_ERRORS, TenantCanceledError),
    ),
    Route(
        "GET",
        "/billing/invoices",
        list_invoices,
        scope=Scope.BILLING_READ,
        tag="Billing",
        summary="List the invoices",
        about="Newest first.",
        query=PAGE_QUERY,
        answers=(Answer(200, "The invoices with their lines.", INVOICES),),
        errors=_STRIPE_ERRORS,
    ),
)
