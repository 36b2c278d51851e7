"""Makes the parts of the application from its configuration and its two ways out, the ledger and Stripe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web

from service import parts
from service.admission import Admissions
from service.authenticator import Authenticator
from service.checks import HealthChecks, StorageCheck
from service.config import Config
from service.domain.api_key import derive_pepper
from service.domain.catalog import Catalog
from service.domain.download_token import derive_download_key
from service.exports import Exports
from service.key_issuer import KeyIssuer
from service.ledger import durability
from service.ledger.admission import KeyGate
from service.ledger.audit_trail import AuditTrail
from service.ledger.burnt_sessions import BurntSessions
from service.ledger.connection import Ledger
from service.ledger.corrections import Corrections
from service.ledger.ingest import UsageIntake
from service.ledger.keyring import Keyring
from service.ledger.pending import PendingSignups
from service.ledger.request_counts import RequestCounts
from service.ledger.tenants import TenantBook
from service.ledger.usage import UsageReader
from service.ledger.webhook_queue import WebhookQueue
from service.mail import Mailer
from service.onboarding import Onboarding
from service.pages import load_pages
from service.payments.gateway import StripeGateway
from service.payments.webhooks import WebhookIntake
from service.sessions import Sessions
from service.signup import Signup
from service.statements import Statements
from service.telemetry.pipeline import Telemetry
from service.tenancy import Tenancy
from service.tokens import Tokens
from service.top_costs import TopCosts


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the parts stand on."""

    config: Config
    telemetry: Telemetry
    clock: Callable[[], datetime]
    catalog: Catalog
    ledger: Ledger
    gateway: StripeGateway
    storage: StorageCheck

    @property
    def peppers(self) -> tuple[bytes, ...]:
        """The newest first."""
        return tuple(map(derive_pepper, self.config.secrets.api_keys))

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.config.secrets.jwts, self.config.web.public_url, self.clock)


def make_authenticator(base: Foundation) -> Authenticator:
    gate = KeyGate(base.ledger)
    sessions = Sessions(base.tokens, gate, BurntSessions(base.ledger), base.clock)
    return Authenticator(gate, Keyring(base.ledger), sessions, base.peppers, base.clock, Admissions())


def assemble(app: web.Application, base: Foundation, authenticator: Authenticator) -> None:
    """Put every part that a handler may ask for on the application."""
    app[parts.CLOCK] = base.clock
    app[parts.TELEMETRY] = base.telemetry
    app[parts.CATALOG] = base.catalog
    app[parts.TOP_COSTS] = top_costs = TopCosts(base.telemetry.instruments.top_costs, base.clock)
    base.telemetry.meters.before_collecting(top_costs.refresh)
    app[parts.WEB] = base.config.web
    app[parts.GATEWAY] = base.gateway
    app[parts.DRAINING] = asyncio.Event()
    app[parts.PAGES] = load_pages()
    app[parts.CHECKS] = _health_checks(base)
    app[parts.VOLATILE_REDIS] = base.config.redis.allow_volatile
    _tenancy(app, base, authenticator)
    _usage(app, base)


def _tenancy(app: web.Application, base: Foundation, authenticator: Authenticator) -> None:
    book, keyring, trail = TenantBook(base.ledger), Keyring(base.ledger), AuditTrail(base.ledger)
    tenancy = Tenancy(book, base.gateway, base.clock)
    signup = Signup(book, base.gateway, base.catalog, base.peppers[0], base.clock)
    download_keys = tuple(map(derive_download_key, base.config.secrets.api_keys))
    app[parts.TENANT_BOOK] = book
    app[parts.TENANCY] = tenancy
    app[parts.SIGNUP] = signup
    app[parts.ONBOARDING] = _onboarding(base, signup)
    app[parts.KEYRING] = keyring
    app[parts.KEY_ISSUER] = KeyIssuer(keyring, base.peppers[0], base.clock)
    app[parts.SESSIONS] = authenticator.sessions
    app[parts.FORGET_KEY] = authenticator.forget
    app[parts.AUDIT_TRAIL] = trail
    app[parts.EXPORTS] = Exports(tenancy, UsageReader(base.ledger), trail, base.gateway, base.clock, download_keys)


def _usage(app: web.Application, base: Foundation) -> None:
    reader, requests = UsageReader(base.ledger), RequestCounts(base.ledger, base.clock)
    queue, secret = WebhookQueue(base.ledger), base.config.billing.webhook_secret
    app[parts.USAGE_INTAKE] = UsageIntake(base.ledger, base.catalog)
    app[parts.CORRECTIONS] = Corrections(base.ledger, base.catalog)
    app[parts.USAGE_READER] = reader
    app[parts.REQUEST_COUNTS] = requests
    app[parts.STATEMENTS] = Statements(base.catalog, reader, requests, base.clock)
    app[parts.WEBHOOK_INTAKE] = WebhookIntake(queue, secret, base.telemetry.instruments.webhook_events, base.clock)


def _onboarding(base: Foundation, signup: Signup) -> Onboarding:
    mail = base.config.signup
    mailer = Mailer(mail.mail_from, mail.smtp_url) if mail.smtp_url is not None else None
    return Onboarding(mail, signup, PendingSignups(base.ledger), mailer, base.tokens, base.config.web.public_url)


def _health_checks(base: Foundation) -> HealthChecks:
    return HealthChecks(
        {
            "database": durability.DurabilityCheck(base.ledger, base.config.redis.allow_volatile),
            "redis": partial(durability.answers, base.ledger),
            "stripe": base.gateway.is_reachable,
            "storage": base.storage,
        }
    )
