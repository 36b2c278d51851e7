"""Every route of the service."""

from service.api import (
    audit,
    billing,
    catalog,
    corrections,
    cost,
    docs,
    export,
    health,
    keys,
    onboarding,
    pages,
    preview,
    session,
    tenants,
    usage,
    webhooks,
)
from service.api.route import Routes

_TENANCY = (tenants, onboarding, keys, session, audit, export)
_MONEY = (catalog, billing, preview, usage, corrections, cost, webhooks)
_ABOUT = (health, docs, pages)


def routes() -> Routes:
    return Routes([route for module in (*_TENANCY, *_MONEY, *_ABOUT) for route in module.ROUTES])
