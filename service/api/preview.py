"""`/billing/preview`: the month's bill so far, and what more usage or another plan would make of it."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from service.api.bill_schema import PREVIEW, QUESTION
from service.api.route import Answer, Route
from service.documents import shown_proration
from service.domain.api_key import Scope
from service.domain.bill import WhatIf
from service.domain.bill_preview import BillPreview
from service.domain.shown_bill import shown_bill
from service.domain.tenant import Plan, Tenant, TenantStatus
from service.domain.timestamp import format_rfc3339
from service.domain.usage import EventType
from service.errors import PaymentsRejectedError, PaymentsUnavailableError
from service.parts import BODY, CATALOG, CLOCK, GATEWAY, TENANCY, TENANT_ID, USAGE_READER
from service.payments.gateway import StripeGateway
from service.telemetry.logs import log_event

_log = logging.getLogger(__name__)


async def preview_bill(request: web.Request) -> web.Response:
    """Stripe is asked only about another plan, and the rest is answered without it."""
    tenant, now = await request.app[TENANCY].of(request[TENANT_ID]), request.app[CLOCK]()
    month = f"{now:%Y-%m}"
    units = await request.app[USAGE_READER].billed(tenant.tenant_id, month)
    preview = BillPreview(request.app[CATALOG], tenant, month, units)
    return web.json_response(
        {
            "tenant_id": tenant.tenant_id,
            "as_of": format_rfc3339(now),
            "trial": preview.is_trial,
            **shown_bill(preview.bill),
            "what_if": await _answer(request[BODY], preview, request.app[GATEWAY], now),
        }
    )


async def _answer(
    question: Mapping[str, Any], preview: BillPreview, gateway: StripeGateway, now: datetime
) -> dict[str, object] | None:
    if not question:
        return None
    tenant, added = preview.tenant, {EventType(name): units for name, units in question.get("what_if", {}).items()}
    changed = preview.what_if(Plan(question.get("plan", tenant.plan)), added)
    proration = await _proration(gateway, tenant, Plan(question["plan"]), now) if "plan" in question else None
    return {**_shown(changed), "proration": proration}


def _shown(answer: WhatIf) -> dict[str, object]:
    return {
        "bill": shown_bill(answer.changed),
        "difference_microcents": answer.difference_microcents,
        "difference_cents": answer.difference_cents,
    }


async def _proration(gateway: StripeGateway, tenant: Tenant, plan: Plan, now: datetime) -> dict[str, object] | None:
    """None for a canceled tenant, or where Stripe does not answer; a change within the trial is free."""
    if tenant.status is TenantStatus.CANCELED:
        return None
    if now.timestamp() < tenant.trial_ends_at:
        return shown_proration(())
    try:
        upcoming = await gateway.upcoming_invoice(tenant.customer_id, tenant.subscription_id, plan)
    except (PaymentsUnavailableError, PaymentsRejectedError) as error:
        named = {"error.type": type(error).__name__}
        log_event(_log, logging.WARNING, "preview.without_proration", "Stripe did not show the next invoice", named)
        return None
    return shown_proration(upcoming.lines)


ROUTES = (
    Route(
        "POST",
        "/billing/preview",
        preview_bill,
        scope=Scope.BILLING_READ,
        tag="Billing",
        summary="Preview the month's bill",
        about=(
            "The bill that the end of this month brings, as far as it is known: the plan's fee for the month after and "
            "this month's usage, line by line. With `what_if` or `plan`, also the bill with that much more usage or "
            "under another plan; a month that ends within the trial costs nothing either way. `proration` is what "
            "Stripe adds to the next invoice for a change of the plan in mid-month, and null where no `plan` was asked "
            "for, the tenant is canceled, or Stripe does not answer."
        ),
        body=QUESTION,
        answers=(Answer(200, "The bill so far, and the one asked for.", PREVIEW),),
    ),
)
