"""Typed names under which the application and each request carry their parts.

BODY and QUERY hold what the route's schemas have judged. SEED is 32 bytes from which a request derives everything it
would otherwise draw at random: the same for a repeated Idempotency-Key. ACTOR is who acts, for the audit trail.
DRAINING is set once the process was told to stop. FORGET_KEY drops what authentication remembers of an API key.
STANDINGS are the quotas that the answer tells of.
VOLATILE_REDIS says that Redis was allowed to lose data.
"""

from asyncio import Event
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp.web import AppKey, RequestKey

from service.admission import Admission
from service.checks import HealthChecks
from service.config import WebConfig
from service.domain.api_key import Scope
from service.domain.catalog import Catalog
from service.domain.quota import Standing
from service.exports import Exports
from service.key_issuer import KeyIssuer
from service.ledger.audit_trail import AuditTrail
from service.ledger.corrections import Corrections
from service.ledger.ingest import UsageIntake
from service.ledger.keyring import Keyring
from service.ledger.request_counts import RequestCounts
from service.ledger.tenants import TenantBook
from service.ledger.usage import UsageReader
from service.limits.admission import AdmissionControl
from service.limits.triage import Triage
from service.onboarding import Onboarding
from service.pages import Pages
from service.payments.gateway import StripeGateway
from service.payments.webhooks import WebhookIntake
from service.sessions import Sessions
from service.signup import Signup
from service.statements import Statements
from service.telemetry.pipeline import Telemetry
from service.tenancy import Tenancy
from service.top_costs import TopCosts

ADMISSION_CONTROL = AppKey("admission_control", AdmissionControl)
AUDIT_TRAIL = AppKey("audit_trail", AuditTrail)
CLOCK: AppKey[Callable[[], datetime]] = AppKey("clock")
DESCRIPTION: AppKey[dict[str, object]] = AppKey("description")
CATALOG = AppKey("catalog", Catalog)
CHECKS = AppKey("checks", HealthChecks)
CORRECTIONS = AppKey("corrections", Corrections)
DRAINING = AppKey("draining", Event)
EXPORTS = AppKey("exports", Exports)
FORGET_KEY: AppKey[Callable[[str], None]] = AppKey("forget_key")
GATEWAY = AppKey("gateway", StripeGateway)
KEY_ISSUER = AppKey("key_issuer", KeyIssuer)
KEYRING = AppKey("keyring", Keyring)
ONBOARDING = AppKey("onboarding", Onboarding)
PAGES: AppKey[Pages] = AppKey("pages")
REQUEST_COUNTS = AppKey("request_counts", RequestCounts)
SESSIONS = AppKey("sessions", Sessions)
SIGNUP = AppKey("signup", Signup)
STATEMENTS = AppKey("statements", Statements)
TELEMETRY = AppKey("telemetry", Telemetry)
TENANCY = AppKey("tenancy", Tenancy)
TENANT_BOOK = AppKey("tenant_book", TenantBook)
TOP_COSTS = AppKey("top_costs", TopCosts)
USAGE_INTAKE = AppKey("usage_intake", UsageIntake)
USAGE_READER = AppKey("usage_reader", UsageReader)
TRIAGE = AppKey("triage", Triage)
VERSION = AppKey("version", str)
VOLATILE_REDIS = AppKey("volatile_redis", bool)
WEBHOOK_INTAKE = AppKey("webhook_intake", WebhookIntake)
WEB = AppKey("web", WebConfig)

REQUEST_ID = RequestKey("request_id", str)
BODY: RequestKey[Mapping[str, Any]] = RequestKey("body")
QUERY: RequestKey[Mapping[str, Any]] = RequestKey("query")
SEED = RequestKey("seed", bytes)
STANDINGS: RequestKey[tuple[Standing, ...]] = RequestKey("standings")
ACTOR = RequestKey("actor", str)
ADMISSION = RequestKey("admission", Admission)
SCOPES: RequestKey[frozenset[Scope]] = RequestKey("scopes")
TENANT_ID = RequestKey("tenant_id", str)
ERROR_TYPE = RequestKey("error_type", str)
