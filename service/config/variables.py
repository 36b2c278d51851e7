"""Every variable that the service reads: its default, and what it is for. Nothing reads one that is not here."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.client_address import X_FORWARDED_FOR
from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS
from service.telemetry.sampling import DEFAULT_TRACE_RATIO

ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Variable:
    """`needed` says when it must be set; `example` is what the example file shows, and is refused as a value.

    A secret may be given as a file instead, by its name with FILE_SUFFIX.
    """

    name: str
    about: str
    default: str = ""
    needed: str = ""
    secret: bool = False
    example: str = ""


FILE_SUFFIX = "_FILE"


def _secret(name: str, about: str, needed: str = ALWAYS, example: str = "") -> Variable:
    return Variable(name, about, needed=needed, secret=True, example=example or "replace-me-with-billing-secrets")


def _price(plan: str) -> Variable:
    about = f"price of plan {plan}; `billing sync-catalog --output env` prints it"
    return Variable(f"STRIPE_{plan.upper()}_PRICE_ID", about, needed=ALWAYS, example=f"price_replaceMe{plan.title()}")


SECTIONS: Mapping[str, tuple[Variable, ...]] = {
    "The process": (
        Variable("ENVIRONMENT", "development, test or production; production turns the strict rules on", "development"),
        Variable("NODE_ENV", "another name for ENVIRONMENT, for deployments that have it already"),
        Variable("HOST", "address that it listens on", "127.0.0.1"),
        Variable("PORT", "port that it listens on", "3002"),
        Variable("DATA_DIR", "where files go", "var/data"),
    ),
    "Secrets": (
        _secret("JWT_SECRET", "signs sessions and links in mails; 128 characters of all kinds, 5.0 bits each"),
        _secret(
            "JWT_SECRET_PREVIOUS",
            "the one before, for a day: what it signed stays good until it expires, and it signs nothing new",
            needed="while JWT_SECRET is rotated",
        ),
        _secret("API_KEY_SECRET", "what API keys are digested under; 64 characters of all kinds, 4.5 bits each"),
        _secret(
            "API_KEY_SECRET_PREVIOUS",
            "the one before, while keys move to the new one as they are used",
            needed="while API_KEY_SECRET is rotated",
        ),
    ),
    "Redis": (
        Variable("REDIS_HOST", "the ledger; Redis 7.0 or later", "127.0.0.1"),
        Variable("REDIS_PORT", "its port", "6379"),
        Variable("REDIS_DB", "its database", "0"),
        Variable("REDIS_TLS", "true encrypts the connection; needed in production", "false"),
        _secret(
            "REDIS_PASSWORD",
            "24 characters of all kinds, 3.5 bits each",
            needed="in production, and unless REDIS_HOST is a loopback address",
        ),
        Variable("REDIS_CLUSTER", "true where the address is of a Redis Cluster's node", "false"),
        Variable("ALLOW_VOLATILE_REDIS", "1 starts on a Redis that could lose data, which /health then reports", "0"),
    ),
    "Stripe": (
        _secret("STRIPE_SECRET_KEY", "a live key in production, a test key elsewhere", example="sk_test_replaceMe"),
        _secret(
            "STRIPE_WEBHOOK_SECRET", "signs what Stripe posts to /webhooks/stripe", example="whsec_replaceMeReplaceMe"
        ),
        _price("starter"),
        _price("pro"),
        _price("enterprise"),
        Variable("STRIPE_API_BASE", "a stand-in's address, without which Stripe is called; refused with a live key"),
        Variable("STRIPE_METER_EVENTS_PER_SECOND", "pace of all workers together", "20"),
    ),
    "Sign-up": (
        Variable("SIGNUP", "open: a key at once; verified: after an e-mail; invite: the operator's key only", "open"),
        Variable("MAIL_FROM", "sender of mails", needed="for SIGNUP=verified"),
        _secret(
            "SMTP_URL",
            "mail server, with user and password where it wants them",
            needed="for SIGNUP=verified",
            example="smtp://user:replaceMe@mail.example.com:587",
        ),
        _secret("OPERATOR_KEY", "32 characters or more", needed="for SIGNUP=invite"),
    ),
    "The web": (
        Variable("PUBLIC_URL", "where clients reach it, http://HOST:PORT unless given; https in production"),
        Variable(
            "ALLOWED_ORIGINS",
            "origins that Stripe's pages may return to, matched exactly, that of PUBLIC_URL unless given; "
            "without wildcard, https in production",
            needed="in production",
        ),
    ),
    "Limits": (
        Variable("RATE_LIMIT_CALLS_MULTIPLIER", "raises every plan's calls a minute, for load tests", "1"),
        Variable("RATE_LIMIT_ADDRESS_PER_MINUTE", "requests from an address before it is known whose they are", "3000"),
        Variable("RATE_LIMIT_SIGNUPS_PER_HOUR", "sign-ups from one address", "10"),
        Variable("RATE_LIMIT_FAILED_AUTH_PER_MINUTE", "refused keys from one address", "10"),
        Variable("TRUSTED_PROXIES", "networks of the proxies in front, such as 10.0.0.0/8, separated by commas"),
        Variable("TRUSTED_PROXY_HEADER", "the header that they write: x-forwarded-for or forwarded", X_FORWARDED_FOR),
    ),
    "Workers": (
        Variable("SEAL_GRACE_SECONDS", "how long after its end an hour's usage is sealed", "900"),
        Variable("WORKER_LEASE_SECONDS", "how long a worker that died still owns its shards", "15"),
    ),
    "Telemetry": (
        Variable("OTEL_EXPORTER_OTLP_ENDPOINT", "OTLP/HTTP base URL of a collector; without it nothing is exported"),
        Variable("OTEL_METRIC_EXPORT_INTERVAL", "milliseconds", str(METRIC_INTERVAL_SECONDS * 1000)),
        Variable("OTEL_SERVICE_INSTANCE_ID", "name of this process, its host and port unless given"),
        Variable("LOG_LEVEL", "debug, info, warning or error", "info"),
        Variable("LOG_FORMAT", "json, or text for people", "json"),
        Variable("TRACE_SAMPLE_RATIO", "share of ordinary requests whose spans are kept", str(DEFAULT_TRACE_RATIO)),
        Variable("TRACE_GAMEDAY", "true keeps the spans of requests that a GameDay marks", "false"),
        Variable("OTLP_REQUEST_LOGS", "kept exports the logs of requests whose spans are kept; all, of all", "kept"),
        Variable("OTEL_SDK_DISABLED", "true turns all of it off but the logs", "false"),
    ),
}

VARIABLES: Mapping[str, Variable] = {each.name: each for section in SECTIONS.values() for each in section}

_SEEN_IN_GUIDES = (
    "your-128-char-secret-with-maximum-entropy",
    "your-64-char-secret-with-special-chars",
    "your-strong-redis-password",
    "your-secure-password",
)
EXAMPLES = frozenset(each.example for each in VARIABLES.values() if each.example) | frozenset(_SEEN_IN_GUIDES)
"""Values that were printed somewhere, so that everybody knows them."""


def example_file() -> str:
    """The text of `.env.example`."""
    lines = [
        "# Copy to .env and set what has no # before it; `billing check-env` says what is still wrong.",
        "# `billing secrets` prints secrets. Each secret may be given as a file instead: NAME_FILE=/run/secrets/name.",
    ]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}"]
        for each in section:
            needed = f" Needed {each.needed}." if each.needed else ""
            lines += [f"# {each.about}.{needed}", f"{_mark(each)}{each.name}={each.example or each.default}"]
    return "\n".join(lines) + "\n"


def _mark(variable: Variable) -> str:
    return "" if variable.needed == ALWAYS else "#"
