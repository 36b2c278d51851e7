"""The lines of invoices. Pure: charges, periods and shares in, Stripe's line objects out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chaos.lab.stripe_sandbox.objects import Object, new_id
from chaos.lab.stripe_sandbox.rating import Charge
from chaos.lab.stripe_sandbox.tiers import plain

WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Span:
    """A period in unix seconds; the end is outside."""

    start: int
    end: int

    def share_from(self, moment: int) -> Fraction:
        """How much of the period lies after `moment`."""
        return Fraction(self.end - moment, self.end - self.start)

    def shown(self) -> Object:
        return {"start": self.start, "end": self.end}


def of_charges(
    charges: Sequence[Charge], item: Object, span: Span, share: Fraction = WHOLE, proration: bool = False
) -> list[Object]:
    """A line for each charge of a subscription item; `share` prorates them all."""
    return [
        line(
            amount_cents=charge.cents(share),
            quantity=charge.quantity,
            item=item,
            span=span,
            unit_cents=charge.unit_cents,
            description=_description(charge, item["price"]),
            proration=proration,
        )
        for charge in charges
    ]


def line(
    *,
    amount_cents: int,
    quantity: int,
    item: Object,
    span: Span,
    unit_cents: Decimal,
    description: str,
    proration: bool,
) -> Object:
    """One line of a subscription item."""
    details = {
        "invoice_item": None,
        "proration": proration,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    parent = {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"}
    own: Object = {"subscription": item["subscription"], "metadata": dict(item["metadata"]), "parent": parent}
    pricing = _pricing(item["price"], unit_cents)
    return _common(amount_cents, item["price"]["currency"], quantity, span.shown(), description) | own | pricing


def of_invoice_item(item: Object) -> Object:
    """The line of an invoice item, which was pending until now."""
    parent_details = (item["parent"] or {}).get("subscription_details") or {}
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": parent_details.get("subscription"),
    }
    parent = {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}
    own = {"subscription": parent_details.get("subscription"), "parent": parent, "pricing": item["pricing"]}
    common = _common(item["amount"], item["currency"], item["quantity"], item["period"], item["description"])
    return common | own | {"metadata": dict(item["metadata"])}


def trial_line(item: Object, span: Span) -> Object:
    """What a trial's first invoice says: nothing to pay."""
    return line(
        amount_cents=0,
        quantity=item.get("quantity", 0),
        item=item,
        span=span,
        unit_cents=Decimal(0),
        description=f"Trial period for {item['price']['nickname'] or item['price']['product']}",
        proration=False,
    )


def list_of(lines: Sequence[Object], invoice_id: str) -> Object:
    """The list object inside an invoice; the lines learn whose they are."""
    for row in lines:
        row["invoice"] = invoice_id
    return {"object": "list", "data": list(lines), "has_more": False, "url": f"/v1/invoices/{invoice_id}/lines"}


def _description(charge: Charge, price: Object) -> str:
    name = price["nickname"] or price["product"]
    tier = f" ({charge.label})" if charge.label else ""
    return f"{charge.quantity} x {name}{tier}"


def _pricing(price: Object, unit_cents: Decimal) -> Object:
    details = {"price": price["id"], "product": price["product"]}
    return {"pricing": {"price_details": details, "type": "price_details", "unit_amount_decimal": plain(unit_cents)}}


def _common(amount_cents: int, currency: str, quantity: int, period: Object, description: str | None) -> Object:
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount_cents,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "period": dict(period),
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subtotal": amount_cents,
        "taxes": [],
    }
