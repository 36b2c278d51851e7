"""Prices."""

from decimal import Decimal, InvalidOperation

from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import PAGING, Clock, Collection, Object, new_id
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.products import Products

INTERVALS = ("day", "week", "month", "year")


class Prices:
    """The endpoints under /v1/prices."""

    def __init__(self, products: Products, meters: Meters, clock: Clock) -> None:
        self._products = products
        self._meters = meters
        self._clock = clock
        self.kept = Collection("price")

    def create(self, params: Params) -> Object:
        """POST /v1/prices"""
        params.accept(
            *("active", "billing_scheme", "currency", "lookup_key", "metadata", "nickname", "product"),
            *("recurring", "tiers", "tiers_mode", "unit_amount", "unit_amount_decimal"),
        )
        product = self._products.kept.get(params.required_text("product"), "product")
        recurring = self._recurring(params.group("recurring"))
        active = params.flag("active")
        return self.kept.add(
            {
                "id": new_id("price"),
                "object": "price",
                "active": True if active is None else active,
                "created": int(self._clock()),
                "currency": params.required_text("currency").lower(),
                "custom_unit_amount": None,
                "livemode": False,
                "lookup_key": params.text("lookup_key"),
                "metadata": params.metadata({}),
                "nickname": params.text("nickname"),
                "product": product["id"],
                "recurring": recurring,
                "tax_behavior": "unspecified",
                "transform_quantity": None,
                "type": "one_time" if recurring is None else "recurring",
            }
            | _amounts(params)
        )

    def retrieve(self, params: Params, identifier: str) -> Object:
        """GET /v1/prices/{id}"""
        params.accept()
        return self.kept.get(identifier)

    def index(self, params: Params) -> Object:
        """GET /v1/prices"""
        params.accept("active", "lookup_keys", "product", *PAGING)
        active, product = params.flag("active"), params.text("product")
        keys = set(params.texts("lookup_keys").values()) if "lookup_keys" in params else None
        return self.kept.page(
            params,
            "/v1/prices",
            lambda price: (
                active in {None, price["active"]}
                and product in {None, price["product"]}
                and (keys is None or price["lookup_key"] in keys)
            ),
        )

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


def _amounts(params: Params) -> Object:
    """Either one amount a unit, or tiers; Stripe shows tiers only when they are expanded."""
    if params.choice("billing_scheme", ("per_unit", "tiered")) == "tiered":
        _check_tiers(params.groups("tiers"))
        mode = params.choice("tiers_mode", ("graduated", "volume"))
        if mode is None:
            raise missing_parameter("tiers_mode")
        no_amount = {"unit_amount": None, "unit_amount_decimal": None}
        return {"billing_scheme": "tiered", "tiers_mode": mode, **no_amount}
    cents = _cents(params)
    return {
        "billing_scheme": "per_unit",
        "tiers_mode": None,
        "unit_amount": int(cents) if cents == int(cents) else None,
        "unit_amount_decimal": f"{cents.normalize():f}",
    }


def _cents(params: Params) -> Decimal:
    text = params.text("unit_amount_decimal")
    whole = params.integer("unit_amount")
    if text is None and whole is None:
        raise missing_parameter("unit_amount")
    try:
        cents = Decimal(text) if text is not None else Decimal(whole or 0)
    except InvalidOperation as error:
        raise invalid_parameter("unit_amount_decimal", f"Invalid decimal: {text}") from error
    if not cents.is_finite() or cents < 0:
        raise invalid_parameter("unit_amount", "Invalid non-negative amount.")
    return cents


def _check_tiers(tiers: list[Params]) -> None:
    if not tiers:
        raise missing_parameter("tiers")
    for tier in tiers:
        tier.accept("flat_amount", "flat_amount_decimal", "unit_amount", "unit_amount_decimal", "up_to")
        tier.required_text("up_to")
    if tiers[-1].text("up_to") != "inf":
        raise invalid_parameter("tiers", "The last tier must have up_to set to 'inf'.")
