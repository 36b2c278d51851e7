"""What a subscription owes: lines for usage that is over, for what is paid in advance, and for changes in between."""

from collections.abc import Sequence
from fractions import Fraction

from chaos.lab.stripe_sandbox import invoice_lines
from chaos.lab.stripe_sandbox.invoice_lines import WHOLE, Span
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.periods import last_boundary_by
from chaos.lab.stripe_sandbox.prices import Prices
from chaos.lab.stripe_sandbox.usage import Usage, aggregate


class Billing:
    """Makes lines; changes nothing."""

    def __init__(self, prices: Prices, meters: Meters, usage: Usage) -> None:
        self._prices = prices
        self._meters = meters
        self._usage = usage

    def usage_lines(self, items: Sequence[Object], customer_id: str, until: int | None = None) -> list[Object]:
        """Metered items, each for its own current period, or for its part before `until`."""
        lines: list[Object] = []
        for item in filter(is_metered, items):
            span = span_of(item)
            end = span.end if until is None else min(span.end, until)
            units = self.units(item, customer_id, Span(span.start, end))
            lines += invoice_lines.of_charges(self._prices.charges(item["price"], units), item, Span(span.start, end))
        return lines

    def units(self, item: Object, customer_id: str, span: Span) -> int:
        """What the item's meter counted, at least 0."""
        meter = self._meters.kept.get(item["price"]["recurring"]["meter"])
        entries = self._usage.between(meter["id"], customer_id, span.start, span.end)
        return max(0, aggregate(meter, entries))

    def advance_lines(self, items: Sequence[Object], anchor: int, prorate: bool = True) -> list[Object]:
        """Licensed items for their current period; a first period up to the anchor is paid by its share, or free."""
        lines: list[Object] = []
        for item in items:
            share = first_share(item, anchor)
            if is_metered(item) or (share != WHOLE and not prorate):
                continue
            lines += self._licensed(item, span_of(item), share, proration=share != WHOLE)
        return lines

    def change_lines(self, before: Sequence[Object], after: Sequence[Object], moment: int) -> list[Object]:
        """Credits for what was paid and is not used, and the shares of what takes its place, from `moment` on."""
        old, new = ({item["id"]: item for item in items if not is_metered(item)} for items in (before, after))
        lines: list[Object] = []
        for identifier in [*old, *(key for key in new if key not in old)]:
            was, now = old.get(identifier), new.get(identifier)
            if was is not None and now is not None and _same(was, now):
                continue
            lines += self._rest(was, moment, -1) + self._rest(now, moment, 1)
        return lines

    def _rest(self, item: Object | None, moment: int, sign: int) -> list[Object]:
        if item is None:
            return []
        span = span_of(item)
        rest = Span(moment, span.end)
        lines = self._licensed(item, rest, sign * span.share_from(moment), proration=True)
        for line in lines:
            line["description"] = f"{'Unused' if sign < 0 else 'Remaining'} time on {line['description']}"
        return lines

    def _licensed(self, item: Object, span: Span, share: Fraction, proration: bool) -> list[Object]:
        charges = self._prices.charges(item["price"], item["quantity"])
        return invoice_lines.of_charges(charges, item, span, share, proration)


def is_metered(item: Object) -> bool:
    """Whether the item is paid by usage, in arrears."""
    return bool(item["price"]["recurring"]["usage_type"] == "metered")


def span_of(item: Object) -> Span:
    """The item's current period."""
    return Span(item["current_period_start"], item["current_period_end"])


def first_share(item: Object, anchor: int) -> Fraction:
    """The current period as a share of a whole one that ends with it."""
    span, recurring = span_of(item), item["price"]["recurring"]
    begun = last_boundary_by(anchor, span.end - 1, recurring["interval"], recurring["interval_count"])
    return min(WHOLE, Fraction(span.end - span.start, span.end - begun))


def _same(was: Object, now: Object) -> bool:
    return bool(was["price"]["id"] == now["price"]["id"] and was["quantity"] == now["quantity"])
