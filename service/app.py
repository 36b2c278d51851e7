"""Wires the parts into one application; nothing else does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

from aiohttp import web

from service import parts
from service.api.body import MAX_BODY_BYTES
from service.api.health import read_health
from service.api.tenants import create_tenant, read_tenant
from service.api.usage import read_usage, report_usage
from service.checks import HealthChecks, StorageCheck
from service.config import Config
from service.domain.api_key import derive_pepper
from service.ledger import durability
from service.ledger.connection import Ledger, connect
from service.ledger.ingest import UsageIntake
from service.ledger.tenants import TenantBook
from service.ledger.usage import UsageReader
from service.middleware.authentication import Authenticator, authenticate
from service.middleware.errors import translate_errors
from service.middleware.security_headers import secure
from service.middleware.telemetry import observe_requests
from service.payments.gateway import StripeGateway
from service.signup import Signup
from service.telemetry.pipeline import Telemetry

PUBLIC = frozenset({create_tenant, read_health})


def utc_now() -> datetime:
    return datetime.now(UTC)


def service_version() -> str:
    return version("c2pa-billing")


def build_app(config: Config, telemetry: Telemetry, clock: Callable[[], datetime] = utc_now) -> web.Application:
    """Build the application; it connects to nothing before it is used."""
    ledger = Ledger(connect(config.redis), telemetry)
    gateway = StripeGateway(config.stripe, telemetry)
    storage = StorageCheck(config.data_dir)
    book, pepper = TenantBook(ledger), derive_pepper(config.api_key_secret)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            observe_requests(telemetry),
            translate_errors(),
            authenticate(Authenticator(book, pepper), PUBLIC),
        ],
    )
    app[parts.CLOCK] = clock
    app[parts.TELEMETRY] = telemetry
    app[parts.VERSION] = service_version()
    app[parts.TENANT_BOOK] = book
    app[parts.SIGNUP] = Signup(book, gateway, pepper, clock)
    app[parts.USAGE_INTAKE] = UsageIntake(ledger)
    app[parts.USAGE_READER] = UsageReader(ledger)
    app[parts.CHECKS] = _health_checks(ledger, gateway, storage)
    app.router.add_routes(routes())
    app.on_response_prepare.append(secure)
    app.cleanup_ctx.extend([_closing(ledger.close), _closing(gateway.close), _closing_storage(storage)])
    return app


def routes() -> list[web.RouteDef]:
    return [
        web.get("/health", read_health),
        web.post("/tenants", create_tenant),
        web.get("/tenants/{tenant_id}", read_tenant),
        web.post("/usage/report", report_usage),
        web.get("/usage/{tenant_id}", read_usage),
    ]


def _health_checks(ledger: Ledger, gateway: StripeGateway, storage: StorageCheck) -> HealthChecks:
    return HealthChecks(
        {
            "database": partial(durability.is_durable, ledger),
            "redis": partial(durability.answers, ledger),
            "stripe": gateway.is_reachable,
            "storage": storage,
        }
    )


CleanupContext = Callable[[web.Application], AsyncIterator[None]]


def _closing(close: Callable[[], Awaitable[None]]) -> CleanupContext:
    async def context(_: web.Application) -> AsyncIterator[None]:
        yield
        await close()

    return context


def _closing_storage(storage: StorageCheck) -> CleanupContext:
    async def close() -> None:
        storage.close()

    return _closing(close)
