"""Reads from Stripe what it holds of the catalogue."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal

import stripe

from service.domain.money import MICROCENTS_PER_CENT
from service.domain.pricing import Tier
from service.payments.catalog_plan import Held, HeldMeter, HeldPrice, HeldProduct
from service.payments.catalog_wanted import PriceTerms, Product, Wanted

CATALOG_KEY = "catalog_key"
"""Metadata that marks an object as the catalogue's; others in the account are left alone."""
_PAGE = 100


async def read_held(client: stripe.StripeClient, target: Wanted) -> Held:
    """Everything in the account that the catalogue owns; raises stripe.StripeError."""
    products = await _products(client, {product.key for product in target.products})
    meters = await _meters(client, {meter.key for meter in target.meters})
    prices = [price async for price in _prices(client, target, products, meters)]
    return Held(products, meters, tuple(prices))


async def _products(client: stripe.StripeClient, keys: set[str]) -> dict[str, HeldProduct]:
    page = await client.v1.products.list_async({"limit": _PAGE})
    found: dict[str, HeldProduct] = {}
    async for each in page.auto_paging_iter():
        key = each.metadata.to_dict().get(CATALOG_KEY)
        if key in keys and key not in found:
            found[key] = HeldProduct(each.id, Product(key, each.name, each.unit_label), each.active)
    return found


async def _meters(client: stripe.StripeClient, names: set[str]) -> dict[str, HeldMeter]:
    """The active meter of each event name, else its newest."""
    page = await client.v1.billing.meters.list_async({"limit": _PAGE})
    found: dict[str, HeldMeter] = {}
    async for each in page.auto_paging_iter():
        name, is_active = each.event_name, each.status == "active"
        if name in names and (is_active or name not in found):
            found[name] = HeldMeter(each.id, is_active, _counting(each))
    return found


def _counting(meter: stripe.billing.Meter) -> tuple[str, str, str]:
    return (
        meter.default_aggregation.formula,
        meter.customer_mapping.event_payload_key,
        meter.value_settings.event_payload_key,
    )


async def _prices(
    client: stripe.StripeClient,
    target: Wanted,
    products: Mapping[str, HeldProduct],
    meters: Mapping[str, HeldMeter],
) -> AsyncIterator[HeldPrice]:
    """The prices of our products, archived ones included, that are marked as ours or have one of our lookup keys."""
    lookup_keys = {price.key for price in target.prices}
    event_names = {meter.id: name for name, meter in meters.items() if meter.is_active}
    for product in products.values():
        page = await client.v1.prices.list_async({"product": product.id, "limit": _PAGE, "expand": ["data.tiers"]})
        async for each in page.auto_paging_iter():
            lookup_key = each.lookup_key if each.lookup_key in lookup_keys else None
            key = lookup_key or each.metadata.to_dict().get(CATALOG_KEY)
            if key is not None:
                terms = _terms(each, product.product.key, event_names)
                yield HeldPrice(each.id, key, each.active, lookup_key, terms)


def _terms(price: stripe.Price, product: str, event_names: Mapping[str, str]) -> PriceTerms | None:
    """None where the price is of a kind that the catalogue never makes."""
    recurring = price.recurring
    if recurring is None or (recurring.interval, recurring.interval_count) != ("month", 1):
        return None
    if recurring.usage_type == "licensed":
        amount = _microcents(price.unit_amount_decimal)
        return None if amount is None else PriceTerms(product, price.currency, amount, None, ())
    tiers = tuple(_tier(tier) for tier in price.tiers or ())
    meter = event_names.get(recurring.meter or "")
    if price.tiers_mode != "graduated" or meter is None or None in tiers:
        return None
    return PriceTerms(product, price.currency, None, meter, tuple(tier for tier in tiers if tier is not None))


def _tier(tier: stripe.Price.Tier) -> Tier | None:
    amount = _microcents(tier.unit_amount_decimal)
    return None if amount is None or tier.flat_amount_decimal else Tier(tier.up_to, amount)


def _microcents(cents: Decimal | None) -> int | None:
    """None where there is no amount, or one that is finer than the catalogue's."""
    if cents is None:
        return None
    microcents = cents * MICROCENTS_PER_CENT
    return int(microcents) if microcents == microcents.to_integral_value() else None
