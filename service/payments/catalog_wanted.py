"""What Stripe must hold of the catalogue: products, meters and prices."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import ClassVar

from service.domain.catalog import LOOKUP_PREFIX, Catalog, licensed_lookup_key, metered_lookup_key
from service.domain.money import format_usd
from service.domain.pricing import Tiers

CUSTOMER_KEY = "stripe_customer_id"
VALUE_KEY = "value"
FORMULA = "sum"


@dataclass(frozen=True, slots=True)
class Product:
    """`unit_label` names one unit on invoices; None for a plan."""

    kind: ClassVar[str] = "product"
    key: str
    name: str
    unit_label: str | None


@dataclass(frozen=True, slots=True)
class Meter:
    """`key` is the event name."""

    kind: ClassVar[str] = "meter"
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What of a price never changes: either `unit_microcents` a month, or graduated `tiers` over a meter's units."""

    product: str
    currency: str
    unit_microcents: int | None
    meter: str | None
    tiers: Tiers

    def __str__(self) -> str:
        if self.unit_microcents is not None:
            return f"{format_usd(self.unit_microcents)} a month"
        steps = (f"{format_usd(tier.unit_microcents)} to {tier.up_to or 'inf'}" for tier in self.tiers)
        return ", ".join(steps)


@dataclass(frozen=True, slots=True)
class Price:
    """`key` is the lookup key."""

    kind: ClassVar[str] = "price"
    key: str
    terms: PriceTerms


@dataclass(frozen=True, slots=True)
class Wanted:
    products: tuple[Product, ...]
    meters: tuple[Meter, ...]
    prices: tuple[Price, ...]


def digest(content: Product | Meter | PriceTerms) -> str:
    """Short hash, equal only for equal content."""
    return hashlib.sha256(json.dumps(asdict(content), sort_keys=True).encode()).hexdigest()[:12]


def wanted(catalog: Catalog) -> Wanted:
    """A product for each plan and each event type, a meter for each event type, a price for each combination."""
    plan_products = (Product(f"{LOOKUP_PREFIX}_{plan}", terms.title, None) for plan, terms in catalog.plans.items())
    event_products = (
        Product(f"{LOOKUP_PREFIX}_{event_type}", event.title, event.unit)
        for event_type, event in catalog.events.items()
    )
    return Wanted(
        products=(*plan_products, *event_products),
        meters=tuple(Meter(event.meter, event.title) for event in catalog.events.values()),
        prices=tuple(_prices(catalog)),
    )


def _prices(catalog: Catalog) -> Iterator[Price]:
    for plan, terms in catalog.plans.items():
        key = licensed_lookup_key(plan)
        product = f"{LOOKUP_PREFIX}_{plan}"
        yield Price(key, PriceTerms(product, catalog.currency, terms.monthly_price_microcents, None, ()))
        for event_type, event in catalog.events.items():
            tiers = catalog.tiers(plan, event_type)
            product = f"{LOOKUP_PREFIX}_{event_type}"
            yield Price(
                metered_lookup_key(plan, event_type),
                PriceTerms(product, catalog.currency, None, event.meter, tiers),
            )
