"""How Stripe is called, and what it calls ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.config.environment import Environment, read_environment
from service.config.reader import Reader
from service.config.rules import LIVE_KEY_PREFIXES, TEST_KEY_PREFIXES, price_rule, stripe_key_rule, webhook_secret_rule
from service.domain.tenant import Plan


@dataclass(frozen=True, slots=True)
class StripeConfig:
    api_base: str | None
    secret_key: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "StripeConfig":
        """Read only what calling Stripe needs; raises ConfigError."""
        reader = Reader(env)
        stripe = read_stripe(reader, read_environment(reader))
        reader.finish()
        return stripe


@dataclass(frozen=True, slots=True)
class BillingConfig:
    """`price_ids` maps each plan to its licensed price; `webhook_secret` signs what Stripe sends."""

    price_ids: Mapping[Plan, str]
    webhook_secret: str = field(repr=False)


def read_stripe(reader: Reader, environment: Environment) -> StripeConfig:
    secret_key = reader.secret("STRIPE_SECRET_KEY", stripe_key_rule)
    api_base, live = reader.url("STRIPE_API_BASE"), secret_key.startswith(LIVE_KEY_PREFIXES)
    if api_base and live:
        reader.reject("STRIPE_API_BASE", "must be unset with a live key: it is for test keys and stand-ins")
    if live and not environment.is_production:
        reader.reject("STRIPE_SECRET_KEY", "must be a test key outside production")
    if secret_key.startswith(TEST_KEY_PREFIXES) and environment.is_production:
        reader.reject("STRIPE_SECRET_KEY", "must be a live key in production")
    return StripeConfig(api_base=api_base, secret_key=secret_key)


def read_billing(reader: Reader) -> BillingConfig:
    return BillingConfig(
        price_ids={plan: reader.checked(f"STRIPE_{plan.upper()}_PRICE_ID", price_rule) for plan in Plan},
        webhook_secret=reader.secret("STRIPE_WEBHOOK_SECRET", webhook_secret_rule),
    )
