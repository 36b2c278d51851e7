"""The configuration of one process, read once from a mapping of environment variables."""

from service.config.deadlines import REDIS_TIMEOUT_SECONDS, STRIPE_TIMEOUT_SECONDS
from service.config.environment import Environment
from service.config.limits import LimitsConfig
from service.config.metering import MeteringConfig
from service.config.problems import ConfigError, Problem
from service.config.process import Config, archive_folder
from service.config.redis import RedisConfig
from service.config.secrets import SecretsConfig
from service.config.signup import SignupConfig, SignupMode
from service.config.stripe import BillingConfig, StripeConfig
from service.config.telemetry import TelemetryConfig
from service.config.web import WebConfig

__all__ = [
    "REDIS_TIMEOUT_SECONDS",
    "STRIPE_TIMEOUT_SECONDS",
    "BillingConfig",
    "Config",
    "ConfigError",
    "Environment",
    "LimitsConfig",
    "MeteringConfig",
    "Problem",
    "RedisConfig",
    "SecretsConfig",
    "SignupConfig",
    "SignupMode",
    "StripeConfig",
    "TelemetryConfig",
    "WebConfig",
    "archive_folder",
]
