"""Invoices: the ones that were made, and the one that comes next."""

from secrets import token_hex

import stripe

from service.domain.tenant import Plan
from service.payments.endpoints import Endpoint
from service.payments.objects import Invoice, InvoiceLine, InvoicePage
from service.payments.subscriptions import Subscriptions
from service.payments.transport import Transport

_MOST_LINES = 100


class Invoices:
    """The calls about invoices."""

    def __init__(self, transport: Transport, subscriptions: Subscriptions) -> None:
        self._transport = transport
        self._api = transport.client.v1.invoices
        self._subscriptions = subscriptions

    async def page(self, customer_id: str, limit: int, starting_after: str | None) -> InvoicePage:
        """A customer's invoices, newest first; `limit` is 1 to 100."""
        params: stripe.params.InvoiceListParams = {"customer": customer_id, "limit": limit}
        if starting_after is not None:
            params["starting_after"] = starting_after
        page = await self._transport.get(Endpoint.INVOICES, lambda options: self._api.list_async(params, options))
        return InvoicePage(tuple([await self._read(invoice) for invoice in page.data]), page.has_more)

    async def upcoming(self, customer_id: str, subscription_id: str, plan: Plan | None) -> Invoice:
        """What the subscription's next invoice would be, if nothing changes or if the plan changed now."""
        params: stripe.params.InvoiceCreatePreviewParams = {"customer": customer_id, "subscription": subscription_id}
        if plan is not None:
            items = await self._subscriptions.swap(subscription_id, plan)
            params["subscription_details"] = {
                "items": [{"id": item, "price": price} for item, price in items.items()],
                "proration_behavior": "create_prorations",
            }
        preview = await self._transport.post(
            Endpoint.INVOICE_PREVIEW, token_hex(), lambda options: self._api.create_preview_async(params, options)
        )
        return await self._read(preview)

    async def _read(self, invoice: stripe.Invoice) -> Invoice:
        """An invoice shows its first ten lines only; a month with every tier in use has more."""
        lines = invoice.lines
        if lines.has_more:
            lines = await self._transport.get(
                Endpoint.INVOICE_LINES,
                lambda options: self._api.line_items.list_async(invoice.id, {"limit": _MOST_LINES}, options),
            )
        return _invoice(invoice, tuple(_line(line) for line in lines.data))


def _invoice(invoice: stripe.Invoice, lines: tuple[InvoiceLine, ...]) -> Invoice:
    return Invoice(
        id=invoice.id,
        number=invoice.number,
        status=invoice.status or "draft",
        currency=invoice.currency,
        amount_due_cents=invoice.amount_due,
        amount_paid_cents=invoice.amount_paid,
        amount_remaining_cents=invoice.amount_remaining,
        created=invoice.created,
        due=invoice.due_date,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        hosted_url=getattr(invoice, "hosted_invoice_url", None),
        pdf_url=getattr(invoice, "invoice_pdf", None),
        lines=lines,
    )


def _line(line: stripe.InvoiceLineItem) -> InvoiceLine:
    details = getattr(line.pricing, "price_details", None)
    return InvoiceLine(
        description=line.description or "",
        quantity=line.quantity,
        amount_cents=line.amount,
        period_start=line.period.start,
        period_end=line.period.end,
        price_id=_id(details.price) if details else None,
        is_proration=_is_proration(line.parent),
    )


def _is_proration(parent: stripe.InvoiceLineItem.Parent | None) -> bool:
    details = parent and (parent.subscription_item_details or parent.invoice_item_details)
    return bool(details and details.proration)


def _id(price: str | stripe.Price) -> str:
    return price if isinstance(price, str) else price.id
