"""Typed names under which the application and each request carry their parts."""

from collections.abc import Callable
from datetime import datetime

from aiohttp.web import AppKey, RequestKey

from service.checks import HealthChecks
from service.ledger.ingest import UsageIntake
from service.ledger.tenants import TenantBook
from service.ledger.usage import UsageReader
from service.signup import Signup
from service.telemetry.pipeline import Telemetry

CLOCK: AppKey[Callable[[], datetime]] = AppKey("clock")
CHECKS = AppKey("checks", HealthChecks)
SIGNUP = AppKey("signup", Signup)
TELEMETRY = AppKey("telemetry", Telemetry)
TENANT_BOOK = AppKey("tenant_book", TenantBook)
USAGE_INTAKE = AppKey("usage_intake", UsageIntake)
USAGE_READER = AppKey("usage_reader", UsageReader)
VERSION = AppKey("version", str)

REQUEST_ID = RequestKey("request_id", str)
TENANT_ID = RequestKey("tenant_id", str)
ERROR_TYPE = RequestKey("error_type", str)
