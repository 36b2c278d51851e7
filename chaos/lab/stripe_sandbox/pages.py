"""The hosted pages: plain HTML for whoever follows a link of the sandbox in a browser."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.subscription_object import items_of


def portal_page(session: Object, customer: Object, subscriptions: Iterable[Object], invoices: Iterable[Object]) -> str:
    """What the customer has and owes."""
    back = session["return_url"]
    link = f'<p><a id="return" href="{escape(back)}">Return</a></p>' if back else ""
    return page(
        "Billing portal",
        f'<p id="customer">{_text(customer["name"])} &lt;{_text(customer["email"])}&gt;</p>'
        + "".join(_subscription(row) for row in subscriptions)
        + _table("invoices", ("Number", "Date", "Amount", "Status"), map(_invoice_row, invoices))
        + link,
    )


def checkout_page(session: Object) -> str:
    """A form with one button: pay with a test card."""
    action = escape(f"/_sandbox/checkout/{session['id']}/complete")
    back = session["cancel_url"]
    link = f'<p><a id="cancel" href="{escape(back)}">Back</a></p>' if back else ""
    return page(
        "Checkout",
        f'<p id="mode">{_text(session["mode"])}</p><form method="post" action="{action}">'
        '<label>Payment method <input name="payment_method" value="pm_card_visa"></label> '
        f'<button id="pay" type="submit">Save</button></form>{link}',
    )


def invoice_page(invoice: Object) -> str:
    """One invoice with its lines."""
    rows = ((row["description"], row["quantity"], _money(row)) for row in invoice["lines"]["data"])
    return page(
        f"Invoice {invoice['number'] or invoice['id']}",
        f'<p id="status">{_text(invoice["status"])}</p>'
        f'<p id="amount">{_text(_money({**invoice, "amount": invoice["amount_due"]}))}</p>'
        + _table("lines", ("Description", "Quantity", "Amount"), rows),
    )


def page(title: str, body: str) -> str:
    """A whole document; `body` is HTML already."""
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title></head>'
    return f"{head}<body><h1>{_text(title)}</h1>{body}</body></html>"


def _subscription(subscription: Object) -> str:
    names = ", ".join(str(item["price"]["nickname"] or item["price"]["id"]) for item in items_of(subscription))
    return f'<p class="subscription">{_text(names)}: <b>{_text(subscription["status"])}</b></p>'


def _invoice_row(invoice: Object) -> tuple[object, ...]:
    day = datetime.fromtimestamp(invoice["created"], UTC).date()
    total = _money({**invoice, "amount": invoice["total"]})
    return invoice["number"] or "draft", day.isoformat(), total, invoice["status"]


def _table(name: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = "".join(f"<th>{_text(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table id="{name}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _money(thing: Object) -> str:
    sign = "-" if thing["amount"] < 0 else ""
    whole, cents = divmod(abs(thing["amount"]), 100)
    return f"{sign}{whole}.{cents:02d} {thing['currency'].upper()}"


def _text(value: object) -> str:
    return escape("" if value is None else str(value))
