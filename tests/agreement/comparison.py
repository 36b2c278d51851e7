"""What the ledger, the API and Stripe make of a tenant's month, compared with the naive sum."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from service import parts
from service.domain.catalog import load_catalog
from service.domain.pricing import charge
from service.domain.usage import EventType
from tests.agreement.life import Life
from tests.agreement.naive import FIGURES, MICROCENTS_A_CENT, month_of, priced, rounded, tiers

CATALOG = load_catalog()


@dataclass
class Verdict:
    """What was compared, and with what result; `seen` counts what happened on the way."""

    months: int = 0
    disagreements: list = field(default_factory=list)
    max_difference: int = 0
    seen: Counter = field(default_factory=Counter)

    def compare(self, what, expected, got):
        """Amounts in micro-cents."""
        self.max_difference = max(self.max_difference, abs(expected - got))
        self.same(what, expected, got)

    def same(self, what, expected, got):
        if expected != got:
            self.disagreements.append(f"{what}: expected {expected}, got {got}")

    def __str__(self):
        agreed = f"disagreements={len(self.disagreements)} max_difference_microcents={self.max_difference}"
        return f"months={self.months} {agreed}"


@dataclass
class Comparison:
    """Each method compares once; `life` says what the naive sum is at that moment."""

    life: Life
    verdict: Verdict

    async def preview(self):
        """The API's preview, a second before the month's end."""
        life = self.life
        status, shown = await life.stack.ask(life.tenant.tenant_id, "POST", "/billing/preview", plan=life.plan)
        assert status == 200, shown
        expected = life.expected()
        what = f"preview of {life}"
        self.verdict.compare(what, expected.usage_microcents + expected.fee, shown["total_microcents"])
        self.verdict.same(what, expected.cents, shown["total_cents"])
        self.verdict.same(what, _usage_lines(expected), _shown_usage(shown))
        self.verdict.same(what, 0, shown["what_if"]["difference_microcents"])

    def note(self):
        """What makes this month worth comparing."""
        life = self.life
        units = life.book.billed[month_of(life.start)]
        kinds = {
            "nothing billed": not any(units.values()),
            "below zero": any(value < 0 for value in units.values()),
            "at a tier's edge": any(held > 0 and held in dict(tiers(life.plan, each)) for each, held in units.items()),
            "in the third tier": any(len(priced(life.plan, each, units[each])) > 2 for each in FIGURES["event_types"]),
            "trial ended within": life.start < life.trial_ends_at < life.end,
        }
        self.verdict.seen.update(kind for kind, holds in kinds.items() if holds)

    async def ledger(self):
        """The ledger's counters, the sum of the days and the days' fees, after the month has closed."""
        life = self.life
        tenant_id, month, expected = life.tenant.tenant_id, f"{life.start:%Y-%m}", life.expected()
        billed = await life.stack.app[parts.USAGE_READER].billed(tenant_id, month)
        total = sum(charge(CATALOG.tiers(life.plan, each), max(billed[each], 0)) for each in EventType)
        self.verdict.compare(f"ledger of {life}", expected.usage_microcents, total)
        status, cost = await life.stack.ask(tenant_id, "GET", f"/usage/{tenant_id}/cost?month={month}")
        assert status == 200, cost
        days = sum(day["usage_microcents"] for day in cost["days"])
        self.verdict.compare(f"days of {life}", expected.usage_microcents, days)
        fee = life.paid_fee()
        self.verdict.compare(f"fee of {life}", fee, sum(day["fee_microcents"] for day in cost["days"]))

    async def invoice(self):
        """Stripe's invoice of the month's end: usage exact, each line and the whole rounded to cents."""
        life = self.life
        invoices = await life.stack.ask_stripe("/v1/invoices", customer=life.tenant.customer_id, limit=100)
        found = [each for each in invoices if each["created"] == int(life.end.timestamp())]
        self.verdict.same(f"invoices of {life}", int(life.trial_ends_at <= life.end), len(found))
        expected = life.expected()
        if life.start < life.trial_ends_at < life.end and not life.has_changed_plan:
            first = [each["total"] for each in invoices if each["created"] == life.tenant.trial_ends_at]
            self.verdict.same(f"first invoice of {life}", [rounded(life.paid_fee())], first)
        for invoice in found:
            lines = await life.stack.ask_stripe(f"/v1/invoices/{invoice['id']}/lines", limit=100)
            self._lines(invoice, lines, expected)
        if not found:
            self.verdict.compare(f"no invoice of {life}", expected.usage_microcents, 0)

    def _lines(self, invoice, lines, expected):
        life = self.life
        prorated = [line for line in lines if _is_proration(line)]
        own = [line for line in lines if not _is_proration(line) and line["quantity"]]
        usage = [line for line in own if line["period"]["end"] <= int(life.end.timestamp())]
        exact = [(_unit_microcents(line), line["quantity"]) for line in usage]
        what = f"invoice of {life}"
        self.verdict.compare(what, expected.usage_microcents, int(sum(price * units for price, units in exact)))
        self.verdict.same(what, sorted(expected.lines), sorted(exact))
        cents = [rounded(price * units) for price, units in expected.lines]
        self.verdict.same(what, sorted(cents), sorted(line["amount"] for line in usage))
        self.verdict.same(what, [rounded(expected.fee)], [line["amount"] for line in own if line not in usage])
        self.verdict.same(what, expected.cents, invoice["total"] - sum(line["amount"] for line in prorated))
        self.verdict.seen["invoice with proration" if prorated else "invoice"] += 1


def _is_proration(line):
    parent = line["parent"]
    details = parent["subscription_item_details"] or parent["invoice_item_details"]
    return details["proration"]


def _unit_microcents(line):
    return int(Decimal(line["pricing"]["unit_amount_decimal"]) * MICROCENTS_A_CENT)


def _usage_lines(expected):
    return [
        (kind, price, units, rounded(price * units)) for kind, lines in expected.usage.items() for price, units in lines
    ]


def _shown_usage(bill):
    usage = [line for line in bill["lines"] if line["kind"] == "usage"]
    names = ("event_type", "unit_amount_microcents", "quantity", "amount_cents")
    return [tuple(line[name] for name in names) for line in usage]
