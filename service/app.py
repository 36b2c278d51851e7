"""Wires the parts into one application; nothing else does."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from aiohttp import web

from service import parts
from service.api.body import MAX_BODY_BYTES
from service.api.openapi import describe
from service.assembly import Foundation, assemble, make_authenticator
from service.checks import StorageCheck
from service.config import Config
from service.domain.catalog import load_catalog
from service.domain.seed import derive_root
from service.ledger.connection import Ledger, connect
from service.ledger.idempotency import IdempotencyRecords
from service.ledger.quotas import SharedQuotas
from service.ledger.tenants import TenantBook
from service.lifetimes import adjusting, closing, flushing, watching
from service.limits.admission import AdmissionControl
from service.limits.plans import Plans
from service.limits.policy import Policy
from service.limits.rate_limiter import RateLimiter
from service.limits.triage import Triage
from service.middleware.authentication import authenticate
from service.middleware.cross_origin import answer_preflights
from service.middleware.errors import translate_errors
from service.middleware.idempotency import keep_answers
from service.middleware.rate_limits import Limits, announce_limits, limit_addresses, limit_tenants
from service.middleware.security_headers import secure
from service.middleware.soundness import refuse_unsound
from service.middleware.telemetry import observe_requests, start_series
from service.payments.gateway import StripeGateway
from service.routes import routes
from service.telemetry.pipeline import Telemetry


def utc_now() -> datetime:
    return datetime.now(UTC)


def service_version() -> str:
    return version("c2pa-billing")


def build_app(config: Config, telemetry: Telemetry, clock: Callable[[], datetime] = utc_now) -> web.Application:
    """Build the application; it connects to nothing before it is used."""
    base = Foundation(
        config=config,
        telemetry=telemetry,
        clock=clock,
        catalog=load_catalog(),
        ledger=Ledger(connect(config.redis), telemetry),
        gateway=StripeGateway(config.stripe, config.billing.price_ids, telemetry),
        storage=StorageCheck(config.data_dir),
    )
    authenticator, served = make_authenticator(base), routes()
    roots = tuple(map(derive_root, config.secrets.api_keys))
    limits = _limits(base)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            observe_requests(telemetry),
            translate_errors(),
            refuse_unsound(),
            answer_preflights(config.web.allowed_origins, served),
            limit_addresses(limits, authenticator, served),
            authenticate(authenticator, served),
            limit_tenants(limits),
            keep_answers(IdempotencyRecords(base.ledger), roots, served),
        ],
    )
    assemble(app, base, authenticator)
    start_series(telemetry.instruments, served)
    app[parts.VERSION] = service_version()
    app[parts.DESCRIPTION] = describe(served, service_version())
    app[parts.TRIAGE] = Triage(route.path for route in served)
    app[parts.ADMISSION_CONTROL] = AdmissionControl(telemetry.instruments)
    app.router.add_routes(served.definitions())
    app.on_response_prepare.append(announce_limits)
    app.on_response_prepare.append(secure(config.web))
    app.cleanup_ctx.extend([closing(base.ledger.close), closing(base.gateway.close), closing(base.storage.close)])
    app.cleanup_ctx.append(watching(telemetry))
    app.cleanup_ctx.append(adjusting(app[parts.ADMISSION_CONTROL]))
    app.cleanup_ctx.append(flushing(app[parts.REQUEST_COUNTS]))  # the last one to start is the first one to end
    return app


def _limits(base: Foundation) -> Limits:
    shared = SharedQuotas(base.ledger, is_cluster=base.config.redis.cluster)
    limiter = RateLimiter(shared, base.telemetry.instruments.rate_limit_decisions)
    policy = Policy.of(base.catalog, base.config.limits)
    return Limits(limiter, policy, Plans(TenantBook(base.ledger), limiter), base.config.limits)
