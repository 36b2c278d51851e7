"""`/tenants`: become a tenant, look at oneself, change, cancel and think better of it."""

from aiohttp import hdrs, web

from service.api import etag
from service.api.route import IF_MATCH, IF_NONE_MATCH, Answer, Route
from service.documents import shown_tenant
from service.domain.api_key import API_KEY_PATTERN, ApiKey, Scope
from service.domain.schema import Choice, Instant, Nullable, Record, Text, Whole
from service.domain.tenant import (
    APPLICATION,
    BUDGET,
    CHANGE,
    EMAIL,
    NAME,
    PLAN,
    TENANT_ID,
    Application,
    Dunning,
    Tenant,
    TenantStatus,
)
from service.domain.tenant_change import TenantChange
from service.errors import (
    MailUnavailableError,
    PaymentsRejectedError,
    PaymentsUnavailableError,
    PreconditionFailedError,
    SignupClosedError,
    TenantCanceledError,
    TenantSuspendedError,
    VersionConflictError,
)
from service.parts import ACTOR, BODY, ONBOARDING, QUERY, REQUEST_ID, SEED, TENANCY
from service.parts import TENANT_ID as OWN
from service.tenancy import Author

TENANT = Record(
    {
        "tenant_id": TENANT_ID,
        "name": NAME,
        "email": EMAIL,
        "plan": PLAN,
        "status": Choice(list(TenantStatus)),
        "dunning": Choice(list(Dunning), about="How far the collection of open invoices has come."),
        "created_at": Instant(),
        "trial_ends_at": Instant("Usage before it is never billed."),
        "cancel_at": Nullable(Instant("When a requested cancellation takes effect.")),
        "canceled_at": Nullable(Instant()),
        "monthly_budget_cents": BUDGET,
        "version": Whole(1, 2**53, about="Rises with each change; in quotes it is the ETag."),
    },
    name="Tenant",
)
NEW_TENANT = Record(
    {**TENANT.fields, "api_key": Text(110, pattern=API_KEY_PATTERN, about="Shown this once.")}, name="NewTenant"
)
VERIFICATION_SENT = "verification_sent"
VERIFICATION = Record({"status": Choice([VERIFICATION_SENT])}, name="Verification")
AT_PERIOD_END, NOW = "period_end", "now"
_ETAG = {"ETag": "The version, for If-Match and If-None-Match."}


async def create_tenant(request: web.Request) -> web.Response:
    application = Application.of(request[BODY])
    authorization = request.headers.get(hdrs.AUTHORIZATION, "")
    made = await request.app[ONBOARDING].apply(application, request[SEED], request[REQUEST_ID], authorization)
    return opened(*made) if made is not None else web.json_response({"status": VERIFICATION_SENT}, status=202)


async def read_tenant(request: web.Request) -> web.Response:
    tenant = await request.app[TENANCY].of(request[OWN])
    if etag.is_known(request, tenant.version):
        return web.Response(status=304, headers={hdrs.ETAG: etag.tag_of(tenant.version)})
    return _answer(tenant)


async def change_tenant(request: web.Request) -> web.Response:
    """With If-Match, a change that lost a race is a failed precondition."""
    tenancy = request.app[TENANCY]
    tenant = await tenancy.of(request[OWN])
    etag.require_match(request, tenant.version)
    try:
        return _answer(await tenancy.change(tenant, TenantChange.of(request[BODY]), author_of(request)))
    except VersionConflictError as error:
        if IF_MATCH in request.headers:
            raise PreconditionFailedError from error
        raise


async def cancel_tenant(request: web.Request) -> web.Response:
    tenancy, at_period_end = request.app[TENANCY], request[QUERY]["at"] == AT_PERIOD_END
    tenant = await tenancy.of(request[OWN])
    etag.require_match(request, tenant.version)
    canceled = await tenancy.cancel(tenant, author_of(request), at_period_end=at_period_end)
    return _answer(canceled, status=200 if canceled.status is TenantStatus.CANCELED else 202)


async def reactivate_tenant(request: web.Request) -> web.Response:
    tenancy = request.app[TENANCY]
    return _answer(await tenancy.reactivate(await tenancy.of(request[OWN]), author_of(request)))


def author_of(request: web.Request) -> Author:
    """Who makes the request that an API key admitted."""
    return Author(request[ACTOR], request[REQUEST_ID], request[SEED])


def opened(tenant: Tenant, key: ApiKey) -> web.Response:
    """The answer that shows a new tenant and, this once, its key."""
    headers = {hdrs.LOCATION: f"/tenants/{tenant.tenant_id}", hdrs.ETAG: etag.tag_of(tenant.version)}
    return web.json_response({**shown_tenant(tenant), "api_key": key.text}, status=201, headers=headers)


def _answer(tenant: Tenant, status: int = 200) -> web.Response:
    headers = {hdrs.ETAG: etag.tag_of(tenant.version)}
    return web.json_response(shown_tenant(tenant), status=status, headers=headers)


_STRIPE_ERRORS = (PaymentsRejectedError, PaymentsUnavailableError)
_PATH = "/tenants/{tenant_id}"

ROUTES = (
    Route(
        "POST",
        "/tenants",
        create_tenant,
        scope=None,
        tag="Tenants",
        summary="Become a tenant",
        about=(
            "Makes a customer with a trial subscription at Stripe, and the first API key, which may do everything.\n\n"
            "Send an Idempotency-Key: a request that got no answer can then be repeated and makes no second tenant."
        ),
        body=APPLICATION,
        answers=(
            Answer(
                201,
                "The tenant and its first API key.",
                NEW_TENANT,
                headers={"Location": "The tenant.", **_ETAG},
            ),
            Answer(202, "A mail was sent; whoever opens its link becomes the tenant.", VERIFICATION),
        ),
        errors=(*_STRIPE_ERRORS, MailUnavailableError, SignupClosedError),
    ),
    Route(
        "GET",
        _PATH,
        read_tenant,
        scope=Scope.TENANT_READ,
        tag="Tenants",
        summary="Read the tenant",
        headers=(IF_NONE_MATCH,),
        answers=(
            Answer(200, "The tenant.", TENANT, headers=_ETAG),
            Answer(304, "The version that If-None-Match names is the current one.", headers=_ETAG),
        ),
    ),
    Route(
        "PUT",
        _PATH,
        change_tenant,
        scope=Scope.TENANT_WRITE,
        tag="Tenants",
        summary="Change the tenant",
        about=(
            "Replaces all that a tenant says about itself; without `monthly_budget_cents` there is no budget. Another "
            "plan holds at once, its price in proportion to what is left of the period. A suspended tenant keeps its "
            "plan until it has paid."
        ),
        body=CHANGE,
        headers=(IF_MATCH,),
        answers=(Answer(200, "The tenant as it is now.", TENANT, headers=_ETAG),),
        errors=(
            *_STRIPE_ERRORS,
            PreconditionFailedError,
            VersionConflictError,
            TenantCanceledError,
            TenantSuspendedError,
        ),
    ),
    Route(
        "DELETE",
        _PATH,
        cancel_tenant,
        scope=Scope.TENANT_WRITE,
        tag="Tenants",
        summary="Cancel the tenant",
        about=(
            "Nothing is deleted: usage, invoices and the audit trail are kept for the legal period of ten years and "
            "stay readable. Repeating the request changes nothing."
        ),
        query={
            "at": Choice(
                [AT_PERIOD_END, NOW],
                default=AT_PERIOD_END,
                about="With the period that is paid for, which can be withdrawn until then, or at once and for good.",
            )
        },
        headers=(IF_MATCH,),
        answers=(
            Answer(200, "The tenant is canceled.", TENANT, headers=_ETAG),
            Answer(202, "The tenant will be canceled at `cancel_at`.", TENANT, headers=_ETAG),
        ),
        errors=(*_STRIPE_ERRORS, PreconditionFailedError),
    ),
    Route(
        "POST",
        f"{_PATH}/reactivate",
        reactivate_tenant,
        scope=Scope.TENANT_WRITE,
        tag="Tenants",
        summary="Withdraw a cancellation that has not taken effect",
        answers=(Answer(200, "The tenant as it is now.", TENANT, headers=_ETAG),),
        errors=(*_STRIPE_ERRORS, TenantCanceledError),
    ),
)
