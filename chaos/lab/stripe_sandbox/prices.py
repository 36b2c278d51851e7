"""Prices."""

from decimal import Decimal

from chaos.lab.stripe_sandbox import rating
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.products import Products
from chaos.lab.stripe_sandbox.rating import Charge, Tier
from chaos.lab.stripe_sandbox.tiers import plain, read_cents, read_tiers, shown, whole

INTERVALS = ("day", "week", "month", "year")
TAX_BEHAVIORS = ("exclusive", "inclusive", "unspecified")
CHANGEABLE = ("active", "lookup_key", "metadata", "nickname", "tax_behavior", "transfer_lookup_key")


class Prices:
    """The endpoints under /v1/prices, and what a quantity costs under one of them."""

    def __init__(self, products: Products, meters: Meters, clock: Clock) -> None:
        self._products = products
        self._meters = meters
        self._clock = clock
        self._tiers: dict[str, list[Tier]] = {}
        self._by_lookup_key: dict[str, Object] = {}
        self.kept = Collection("price", indexed=("product",))

    def create(self, params: Params) -> Object:
        """POST /v1/prices"""
        params.accept(
            *("billing_scheme", "currency", "product", "recurring", "tiers", "tiers_mode"),
            *("unit_amount", "unit_amount_decimal", *CHANGEABLE),
        )
        product = self._products.kept.get(params.required_text("product"), "product")
        currency = params.required_text("currency").lower()
        recurring = self._recurring(params.group("recurring"))
        tiers = read_tiers(params.groups("tiers")) if params.text("billing_scheme") == "tiered" else []
        fresh: Object = {"active": True, "lookup_key": None, "metadata": {}, "nickname": None}
        price = _new(product, currency, recurring, int(self._clock())) | _amounts(params)
        price |= self._changes(params, fresh | {"tax_behavior": "unspecified"})
        self._tiers[price["id"]] = tiers
        return self._remember(self.kept.add(price), None)

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/prices/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def update(self, params: Params, identifier: str) -> Object:
        """POST /v1/prices/{id}; amounts never change."""
        params.accept(*CHANGEABLE)
        price = self.kept.get(identifier)
        before = price["lookup_key"]
        price |= self._changes(params, price)
        return self._remember(price, before)

    def index(self, params: Params) -> Object:
        """GET /v1/prices"""
        params.accept("active", "currency", "lookup_keys", "product", "recurring", "type", *PAGING)
        keys = set(params.list_of_texts("lookup_keys"))
        wanted: Object = {name: params.text(name) for name in ("currency", "type") if name in params}
        if "active" in params:
            wanted["active"] = params.flag("active")
        recurring = _wanted_recurring(params.group("recurring"))

        def keep(price: Object) -> bool:
            return (
                _matches(price, wanted)
                and (not recurring or _matches(price["recurring"] or {}, recurring))
                and (not keys or price["lookup_key"] in keys)
            )

        return self.kept.page(params, "/v1/prices", keep)

    def charges(self, price: Object, quantity: int) -> list[Charge]:
        """What `quantity` units cost, as the lines of an invoice."""
        if price["billing_scheme"] == "per_unit":
            return rating.per_unit(quantity, Decimal(price["unit_amount_decimal"]))
        rate = rating.graduated if price["tiers_mode"] == "graduated" else rating.volume
        return rate(quantity, self._tiers[price["id"]])

    def tiers(self, price: Object) -> list[Object] | None:
        """What `expand[]=tiers` adds to a price."""
        return shown(self._tiers[price["id"]]) or None

    def _changes(self, params: Params, current: Object) -> Object:
        changes: Object = {"metadata": params.metadata(current["metadata"])}
        for name in ("nickname", "lookup_key"):
            changes[name] = params.text(name) if name in params else current[name]
        active = params.flag("active")
        changes["active"] = current["active"] if active is None else active
        changes["tax_behavior"] = params.choice("tax_behavior", TAX_BEHAVIORS) or current["tax_behavior"]
        self._check_lookup_key(changes["lookup_key"], current, params.flag("transfer_lookup_key"))
        return changes

    def _check_lookup_key(self, key: str | None, current: Object, transfer: bool | None) -> None:
        holder = None if key is None else self._by_lookup_key.get(key)
        if holder is not None and holder["id"] != current.get("id") and not transfer:
            message = f"A price (`{holder['id']}`) already uses that lookup key."
            raise invalid_parameter("lookup_key", message, "resource_already_exists")

    def _remember(self, price: Object, before: str | None) -> Object:
        """Give the lookup key to this price, and take it from the one that had it."""
        key = price["lookup_key"]
        if before is not None and before != key:
            del self._by_lookup_key[before]
        if key is not None:
            holder = self._by_lookup_key.get(key)
            if holder is not None and holder is not price:
                holder["lookup_key"] = None
            self._by_lookup_key[key] = price
        return price

    def _recurring(self, params: Params | None) -> Object | None:
        if params is None:
            return None
        params.accept("interval", "interval_count", "meter", "usage_type")
        interval = params.choice("interval", INTERVALS)
        if interval is None:
            raise missing_parameter("recurring[interval]")
        usage_type = params.choice("usage_type", ("licensed", "metered")) or "licensed"
        meter = params.text("meter")
        if usage_type == "metered" and meter is None:
            raise RefusedError(400, "Metered prices must be backed by a meter.", param="recurring[meter]")
        if meter is not None:
            self._meters.kept.get(meter, "recurring[meter]")
        return {
            "interval": interval,
            "interval_count": params.integer("interval_count") or 1,
            "meter": meter,
            "trial_period_days": None,
            "usage_type": usage_type,
        }


def _new(product: Object, currency: str, recurring: Object | None, now: int) -> Object:
    return {
        "id": new_id("price"),
        "object": "price",
        "created": now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "product": product["id"],
        "recurring": recurring,
        "transform_quantity": None,
        "type": "one_time" if recurring is None else "recurring",
    }


def _amounts(params: Params) -> Object:
    """Either one amount a unit, or tiers; Stripe shows tiers only when they are expanded."""
    if params.choice("billing_scheme", ("per_unit", "tiered")) == "tiered":
        mode = params.choice("tiers_mode", ("graduated", "volume"))
        if mode is None:
            raise missing_parameter("tiers_mode")
        no_amount = {"unit_amount": None, "unit_amount_decimal": None}
        return {"billing_scheme": "tiered", "tiers_mode": mode, **no_amount}
    cents = read_cents(params, "unit_amount")
    if cents is None:
        raise missing_parameter("unit_amount")
    amounts = {"unit_amount": whole(cents), "unit_amount_decimal": plain(cents)}
    return {"billing_scheme": "per_unit", "tiers_mode": None, **amounts}


def _wanted_recurring(params: Params | None) -> Object:
    if params is None:
        return {}
    params.accept("interval", "meter", "usage_type")
    return {name: params.text(name) for name in params.tree}


def _matches(thing: Object, wanted: Object) -> bool:
    return all(thing.get(name) == value for name, value in wanted.items())
