"""The items of a subscription: what is charged, and for which period."""

from chaos.lab.stripe_sandbox.errors import RefusedError, no_such
from chaos.lab.stripe_sandbox.objects import Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.periods import period_end
from chaos.lab.stripe_sandbox.prices import Prices


class SubscriptionItems:
    """Builds and changes the items inside a subscription."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def create(self, params: list[Params], subscription_id: str, now: int, trial_end: int | None) -> Object:
        """A list of new items; each period starts `now` and ends with the trial or after one interval."""
        rows = [self._item(item, subscription_id, now, trial_end) for item in params]
        return _listed(rows, subscription_id)

    def change(self, params: list[Params], subscription: Object, now: int) -> Object:
        """The items after an update: named ones change or go, others are added, the rest stays."""
        kept: dict[str, Object] = {row["id"]: dict(row) for row in subscription["items"]["data"]}
        for item in params:
            identifier = item.text("id")
            if identifier is None:
                added = self._item(item, subscription["id"], now, None)
                kept[added["id"]] = added
            elif identifier not in kept:
                raise no_such("subscription_item", identifier, "items[id]")
            elif item.flag("deleted"):
                del kept[identifier]
            else:
                self._alter(item, kept[identifier])
        if not kept:
            raise RefusedError(400, "A subscription must have at least one item.", param="items")
        return _listed(list(kept.values()), subscription["id"])

    def _item(self, params: Params, subscription_id: str, now: int, trial_end: int | None) -> Object:
        params.accept("metadata", "price", "quantity")
        price = self._recurring_price(params)
        recurring = price["recurring"]
        end = period_end(now, recurring["interval"], recurring["interval_count"])
        return {
            "id": new_id("si"),
            "object": "subscription_item",
            "created": now,
            "current_period_end": trial_end or end,
            "current_period_start": now,
            "discounts": [],
            "metadata": params.metadata({}),
            "price": price,
            "subscription": subscription_id,
            "tax_rates": [],
        } | _quantity(params, price)

    def _alter(self, params: Params, item: Object) -> None:
        params.accept("deleted", "id", "metadata", "price", "quantity")
        if "price" in params:
            item["price"] = self._recurring_price(params)
        item["metadata"] = params.metadata(item["metadata"])
        item |= _quantity(params, item["price"], item.get("quantity", 1))

    def _recurring_price(self, params: Params) -> Object:
        price = self._prices.kept.get(params.required_text("price"), "items[price]")
        if price["recurring"] is None:
            raise RefusedError(400, f"The price '{price['id']}' is not recurring.", param="items[price]")
        return price


def _quantity(params: Params, price: Object, current: int = 1) -> Object:
    """Metered items have no quantity."""
    if price["recurring"]["usage_type"] == "metered":
        if "quantity" in params:
            raise RefusedError(400, "Metered prices take no quantity.", param="items[quantity]")
        return {}
    given = params.integer("quantity")
    return {"quantity": current if given is None else given}


def _listed(rows: list[Object], subscription_id: str) -> Object:
    url = f"/v1/subscription_items?subscription={subscription_id}"
    return {"object": "list", "url": url, "has_more": False, "data": rows}
