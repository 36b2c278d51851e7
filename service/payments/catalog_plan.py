"""What Stripe holds of the catalogue, and what is to be done about the difference; talks to nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from service.payments.catalog_wanted import CUSTOMER_KEY, FORMULA, VALUE_KEY, Meter, Price, PriceTerms, Product, Wanted


class SyncError(Exception):
    """Stripe holds something that cannot be brought in line; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class HeldProduct:
    id: str
    product: Product
    is_active: bool


@dataclass(frozen=True, slots=True)
class HeldMeter:
    """`counting` is how it counts: formula, payload key of the customer, payload key of the value."""

    id: str
    is_active: bool
    counting: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """A price of ours; `lookup_key` is None once another has taken it, `terms` None if they are not ours."""

    kind: ClassVar[str] = "price"
    id: str
    key: str
    is_active: bool
    lookup_key: str | None
    terms: PriceTerms | None


@dataclass(frozen=True, slots=True)
class Held:
    """What Stripe has of the catalogue: products by key, meters by event name, prices newest first."""

    products: Mapping[str, HeldProduct]
    meters: Mapping[str, HeldMeter]
    prices: tuple[HeldPrice, ...]

    def price(self, lookup_key: str) -> HeldPrice | None:
        """The price that is sold under the lookup key."""
        return next((price for price in self.prices if price.is_active and price.lookup_key == lookup_key), None)

    def newest_price(self, key: str) -> HeldPrice | None:
        """The last one that was made for the key, archived or not."""
        return next((price for price in self.prices if price.key == key), None)


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Change:
    """`held_id` is the object that is updated or archived, or the one that a new object succeeds."""

    action: Action
    target: Product | Meter | Price | HeldPrice
    held_id: str | None
    detail: str


def differences(target: Wanted, held: Held) -> tuple[Change, ...]:
    """What must be done, in the order in which it can be; raises SyncError where a meter counts otherwise."""
    return (
        *_product_changes(target, held),
        *_meter_changes(target, held),
        *_price_changes(target, held),
        *_archivals(target, held),
    )


def _product_changes(target: Wanted, held: Held) -> Iterator[Change]:
    for product in target.products:
        found = held.products.get(product.key)
        if found is None:
            yield Change(Action.CREATE, product, None, product.name)
        elif not found.is_active or found.product != product:
            yield Change(Action.UPDATE, product, found.id, f"{_shown(found)} becomes {product.name}")


def _meter_changes(target: Wanted, held: Held) -> Iterator[Change]:
    for meter in target.meters:
        found = held.meters.get(meter.key)
        if found is None or not found.is_active:
            yield Change(Action.CREATE, meter, found.id if found else None, f"{FORMULA} of {VALUE_KEY}")
        elif found.counting != (FORMULA, CUSTOMER_KEY, VALUE_KEY):
            raise SyncError(
                f"meter {meter.key} ({found.id}) counts by {', '.join(found.counting)}; "
                f"expected {FORMULA}, {CUSTOMER_KEY}, {VALUE_KEY}: a meter cannot be changed, deactivate it"
            )


def _price_changes(target: Wanted, held: Held) -> Iterator[Change]:
    for price in target.prices:
        found, newest = held.price(price.key), held.newest_price(price.key)
        if found is None or found.terms != price.terms:
            yield Change(Action.CREATE, price, newest.id if newest else None, str(price.terms))


def _archivals(target: Wanted, held: Held) -> Iterator[Change]:
    valid = {(price.key, price.terms) for price in target.prices}
    for found in held.prices:
        if found.is_active and (found.lookup_key, found.terms) not in valid:
            yield Change(Action.ARCHIVE, found, found.id, f"{found.id}, {found.terms or 'of another kind'}")


def _shown(found: HeldProduct) -> str:
    return found.product.name if found.is_active else f"{found.product.name} (archived)"
