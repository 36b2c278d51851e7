"""How Stripe is called, and what it calls ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.config.reader import Reader
from service.config.rules import LIVE_KEY_PREFIXES, price_rule, stripe_key_rule, webhook_secret_rule
from service.domain.tenant import Plan


@dataclass(frozen=True, slots=True)
class StripeConfig:
    api_base: str | None
    secret_key: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "StripeConfig":
        """Read only what calling Stripe needs; raises ConfigError."""
        reader = Reader(env)
        stripe = read_stripe(reader)
        reader.finish()
        return stripe


@dataclass(frozen=True, slots=True)
class BillingConfig:
    """`price_ids` maps each plan to its licensed price; `webhook_secret` signs what Stripe sends."""

    price_ids: Mapping[Plan, str]
    webhook_secret: str = field(repr=False)


def read_stripe(reader: Reader) -> StripeConfig:
    secret_key = reader.checked("STRIPE_SECRET_KEY", "", stripe_key_rule)
    api_base = reader.url("STRIPE_API_BASE")
    if api_base and secret_key.startswith(LIVE_KEY_PREFIXES):
        reader.reject("STRIPE_API_BASE", "must be unset with a live key: it is for test keys and stand-ins")
    return StripeConfig(api_base=api_base, secret_key=secret_key)


def read_billing(reader: Reader) -> BillingConfig:
    return BillingConfig(
        price_ids={plan: reader.checked(f"STRIPE_{plan.upper()}_PRICE_ID", "", price_rule) for plan in Plan},
        webhook_secret=reader.checked("STRIPE_WEBHOOK_SECRET", "", webhook_secret_rule),
    )
