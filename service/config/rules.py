"""Rules that single values keep; each returns what is wrong, or None."""

import ipaddress
import re
from urllib.parse import urlsplit

from service.domain.tenant import EMAIL

TEST_KEY_PREFIXES, LIVE_KEY_PREFIXES = ("sk_test_", "rk_test_"), ("sk_live_", "rk_live_")
_STRIPE_KEY_PREFIXES = TEST_KEY_PREFIXES + LIVE_KEY_PREFIXES
_PRICE_ID = re.compile(r"price_[A-Za-z0-9]{1,120}")
_MIN_WEBHOOK_SECRET = 16
_MIN_OPERATOR_KEY = 32


def price_rule(value: str) -> str | None:
    return None if _PRICE_ID.fullmatch(value) else "must be the id of a Stripe price, which starts with price_"


def webhook_secret_rule(value: str) -> str | None:
    if value.isascii() and value.isprintable() and value.startswith("whsec_") and len(value) >= _MIN_WEBHOOK_SECRET:
        return None
    return "must be the signing secret of a Stripe webhook endpoint, which starts with whsec_"


def smtp_rule(value: str) -> str | None:
    return None if _is_smtp_url(value) else "must be smtp://host:port or smtps://host"


def sender_rule(value: str) -> str | None:
    return None if not any(EMAIL.faults(value, "")) else "must be the e-mail address that mail is sent from"


def operator_rule(value: str) -> str | None:
    if len(value) >= _MIN_OPERATOR_KEY and value.isascii():
        return None
    return f"must have at least {_MIN_OPERATOR_KEY} ASCII characters (has {len(value)})"


def stripe_key_rule(value: str) -> str | None:
    if value.isascii() and value.isprintable() and value.startswith(_STRIPE_KEY_PREFIXES):
        return None
    return f"must be a Stripe secret key, which starts with {', '.join(_STRIPE_KEY_PREFIXES)}"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_smtp_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_http_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and "@" not in parts.netloc
            and not parts.query
            and not parts.fragment
        )
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
