"""The items of a subscription: what is charged, and for which period."""

from chaos.lab.stripe_sandbox.errors import RefusedError, no_such
from chaos.lab.stripe_sandbox.objects import Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.periods import first_boundary_after
from chaos.lab.stripe_sandbox.prices import Prices


class SubscriptionItems:
    """Builds and changes the items inside a subscription."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def create(self, params: list[Params], subscription_id: str, now: int) -> Object:
        """A list of new items whose periods have not been set."""
        return listed([self._item(item, subscription_id, now) for item in params], subscription_id)

    def change(self, params: list[Params], subscription: Object, now: int) -> Object:
        """The items after an update: named ones change or go, others are added, the rest stays."""
        rows: list[Object] = subscription["items"]["data"]
        kept: dict[str, Object] = {row["id"]: dict(row) for row in rows}
        for item in params:
            identifier = item.text("id")
            if identifier is None:
                added = self._item(item, subscription["id"], now)
                kept[added["id"]] = _with_period_of(added, rows[0])
            elif identifier not in kept:
                raise no_such("subscription_item", identifier, "items[id]")
            elif item.flag("deleted"):
                del kept[identifier]
            else:
                self._alter(item, kept[identifier])
        if not kept:
            raise RefusedError(400, "A subscription must have at least one item.", param="items")
        _check_intervals(list(kept.values()))
        return listed(list(kept.values()), subscription["id"])

    def _item(self, params: Params, subscription_id: str, now: int) -> Object:
        params.accept("clear_usage", "metadata", "price", "quantity")
        price = self._recurring_price(params)
        return {
            "id": new_id("si"),
            "object": "subscription_item",
            "billing_thresholds": None,
            "created": now,
            "current_period_end": now,
            "current_period_start": now,
            "discounts": [],
            "metadata": params.metadata({}),
            "plan": _plan(price),
            "price": price,
            "subscription": subscription_id,
            "tax_rates": [],
        } | _quantity(params, price)

    def _alter(self, params: Params, item: Object) -> None:
        params.accept("clear_usage", "deleted", "id", "metadata", "price", "quantity")
        if "price" in params:
            item["price"] = self._recurring_price(params)
            item["plan"] = _plan(item["price"])
        item["metadata"] = params.metadata(item["metadata"])
        item |= _quantity(params, item["price"], item.pop("quantity", 1))

    def _recurring_price(self, params: Params) -> Object:
        price = self._prices.kept.get(params.required_text("price"), "items[price]")
        if price["recurring"] is None:
            raise RefusedError(400, f"The price '{price['id']}' is not recurring.", param="items[price]")
        if not price["active"]:
            raise RefusedError(400, f"The price '{price['id']}' is inactive.", param="items[price]")
        return price


def begin_period(item: Object, start: int, anchor: int, end: int | None = None) -> None:
    """Set the item's current period: up to `end`, or to the next boundary of the billing cycle."""
    recurring = item["price"]["recurring"]
    next_boundary = first_boundary_after(anchor, start, recurring["interval"], recurring["interval_count"])
    item |= {"current_period_start": start, "current_period_end": next_boundary if end is None else end}


def listed(rows: list[Object], subscription_id: str) -> Object:
    """The list object inside a subscription."""
    url = f"/v1/subscription_items?subscription={subscription_id}"
    return {"object": "list", "url": url, "has_more": False, "data": rows}


def _with_period_of(item: Object, other: Object) -> Object:
    names = ("current_period_start", "current_period_end")
    return item | {name: other[name] for name in names}


def _check_intervals(rows: list[Object]) -> None:
    """All items share one cycle; a change of interval would begin another, which the sandbox does not do."""
    recurring = [row["price"]["recurring"] for row in rows]
    if len({(each["interval"], each["interval_count"]) for each in recurring}) > 1:
        raise RefusedError(400, "All prices of a subscription must have the same interval here.", param="items")


def _quantity(params: Params, price: Object, current: int = 1) -> Object:
    """Metered items have no quantity."""
    if price["recurring"]["usage_type"] == "metered":
        if "quantity" in params:
            raise RefusedError(400, "Metered prices take no quantity.", param="items[quantity]")
        return {}
    given = params.integer("quantity")
    return {"quantity": current if given is None else given}


def _plan(price: Object) -> Object:
    """The price in its older form, which Stripe's answers still carry."""
    recurring = price["recurring"]
    shared = ("active", "billing_scheme", "created", "currency", "id", "livemode", "metadata", "nickname", "product")
    return {name: price[name] for name in shared} | {
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "meter": recurring["meter"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": recurring["usage_type"],
    }
