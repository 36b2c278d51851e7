"""Brings Stripe's products, meters and prices in line with the catalogue."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import stripe

from service.config import StripeConfig
from service.domain.catalog import Catalog
from service.payments.catalog_account import read_held
from service.payments.catalog_plan import Change, Held, differences
from service.payments.catalog_wanted import Wanted, wanted
from service.payments.catalog_writer import CatalogWriter

_CALL_TIMEOUT_SECONDS = 20.0
"""A page of prices with their tiers may take longer than a client of the service would wait."""
_RETRIES = 2

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """`price_ids` are Stripe's ids by lookup key, of the prices that are there now."""

    changes: tuple[Change, ...]
    price_ids: Mapping[str, str]


@asynccontextmanager
async def connected(config: StripeConfig) -> AsyncIterator[stripe.StripeClient]:
    """A client of Stripe for the length of one command."""
    stripe.enable_telemetry = False
    http_client = stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=_CALL_TIMEOUT_SECONDS))
    close: Callable[[], Awaitable[None]] = http_client.close_async
    try:
        yield stripe.StripeClient(
            config.secret_key,
            http_client=http_client,
            base_addresses={"api": config.api_base or stripe.DEFAULT_API_BASE},
            max_network_retries=_RETRIES,
        )
    finally:
        await close()


async def compare_catalog(client: stripe.StripeClient, catalog: Catalog) -> SyncResult:
    """What sync_catalog would do; changes nothing. Raises SyncError or stripe.StripeError."""
    target = wanted(catalog)
    held = await read_held(client, target)
    return SyncResult(differences(target, held), _price_ids(target, held))


async def sync_catalog(client: stripe.StripeClient, catalog: Catalog, progress: Progress) -> SyncResult:
    """Create, update and archive until nothing differs; `progress` hears of each change before it is made.

    Raises SyncError or stripe.StripeError; what was done until then stays, and the next run goes on from there.
    """
    target = wanted(catalog)
    held = await read_held(client, target)
    changes = differences(target, held)
    writer = CatalogWriter(client, held)
    for change in changes:
        progress(f"{change.action} {change.target.kind} {change.target.key}")
        await writer.apply(change)
    return SyncResult(changes, _price_ids(target, held) | writer.price_ids)


def _price_ids(target: Wanted, held: Held) -> dict[str, str]:
    found = ((price.key, held.price(price.key)) for price in target.prices)
    return {key: price.id for key, price in found if price is not None}
