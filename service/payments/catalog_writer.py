"""Makes the catalogue's changes at Stripe."""

from decimal import Decimal

import stripe
from stripe.params import PriceCreateParams, PriceCreateParamsTier, ProductCreateParams

from service.domain.money import MICROCENTS_PER_CENT
from service.domain.pricing import Tier
from service.payments.catalog_account import CATALOG_KEY
from service.payments.catalog_plan import Action, Change, Held, HeldPrice
from service.payments.catalog_wanted import CUSTOMER_KEY, FORMULA, VALUE_KEY, Meter, Price, Product, digest


class CatalogWriter:
    """Makes one change after the other, and keeps the ids that later ones need."""

    def __init__(self, client: stripe.StripeClient, held: Held) -> None:
        self._client = client
        self._product_ids = {key: product.id for key, product in held.products.items()}
        self._meter_ids = {key: meter.id for key, meter in held.meters.items()}
        self.price_ids: dict[str, str] = {}

    async def apply(self, change: Change) -> None:
        match change.target:
            case Product() as product if change.action is Action.CREATE:
                await self._create_product(product, change)
            case Product() as product:
                await self._update_product(product, change)
            case Meter() as meter:
                await self._create_meter(meter, change)
            case Price() as price:
                await self._create_price(price, change)
            case HeldPrice() as price:
                await self._client.v1.prices.update_async(price.id, {"active": False})

    async def _create_product(self, product: Product, change: Change) -> None:
        params: ProductCreateParams = {"name": product.name, "metadata": {CATALOG_KEY: product.key}}
        if product.unit_label:
            params["unit_label"] = product.unit_label
        created = await self._client.v1.products.create_async(
            params, {"idempotency_key": _idempotency_key(change, digest(product))}
        )
        self._product_ids[product.key] = created.id

    async def _update_product(self, product: Product, change: Change) -> None:
        await self._client.v1.products.update_async(
            str(change.held_id),
            {"active": True, "name": product.name, "unit_label": product.unit_label or ""},
        )

    async def _create_meter(self, meter: Meter, change: Change) -> None:
        created = await self._client.v1.billing.meters.create_async(
            {
                "display_name": meter.title,
                "event_name": meter.key,
                "default_aggregation": {"formula": FORMULA},
                "customer_mapping": {"type": "by_id", "event_payload_key": CUSTOMER_KEY},
                "value_settings": {"event_payload_key": VALUE_KEY},
            },
            {"idempotency_key": _idempotency_key(change, digest(meter))},
        )
        self._meter_ids[meter.key] = created.id

    async def _create_price(self, price: Price, change: Change) -> None:
        created = await self._client.v1.prices.create_async(
            self._price_params(price), {"idempotency_key": _idempotency_key(change, digest(price.terms))}
        )
        self.price_ids[price.key] = created.id

    def _price_params(self, price: Price) -> PriceCreateParams:
        terms = price.terms
        params: PriceCreateParams = {
            "product": self._product_ids[terms.product],
            "currency": terms.currency,
            "lookup_key": price.key,
            "transfer_lookup_key": True,
            "metadata": {CATALOG_KEY: price.key, "catalog_digest": digest(terms)},
        }
        if terms.unit_microcents is not None:
            licensed: PriceCreateParams = {
                "currency": terms.currency,
                "recurring": {"interval": "month", "usage_type": "licensed"},
                "unit_amount_decimal": _cents(terms.unit_microcents),
            }
            return params | licensed
        metered: PriceCreateParams = {
            "currency": terms.currency,
            "recurring": {"interval": "month", "usage_type": "metered", "meter": self._meter_ids[str(terms.meter)]},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": [_tier_params(tier) for tier in terms.tiers],
        }
        return params | metered


def _tier_params(tier: Tier) -> PriceCreateParamsTier:
    return {"up_to": tier.up_to or "inf", "unit_amount_decimal": _cents(tier.unit_microcents)}


def _cents(microcents: int) -> Decimal:
    return Decimal(microcents) / MICROCENTS_PER_CENT


def _idempotency_key(change: Change, digest: str) -> str:
    """Equal only for the same object after the same predecessor: going back to an old price makes a new one."""
    return f"catalog-{change.target.kind}-{change.target.key}-{digest}-after-{change.held_id or 'none'}"
