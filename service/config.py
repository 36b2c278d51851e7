"""The configuration of one process, read once from a mapping of environment variables."""

import ipaddress
import math
import re
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from service.domain.return_url import is_origin
from service.domain.tenant import EMAIL, Plan
from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS

REDIS_TIMEOUT_SECONDS = 1.0
"""One ledger operation, connecting included."""
STRIPE_TIMEOUT_SECONDS = 3.0
"""One call to Stripe, its retry included."""

_MIN_SECRET_LENGTH = 64
_MIN_SECRET_BITS_PER_CHARACTER = 4.5
_STRIPE_KEY_PREFIXES = ("sk_test_", "rk_test_", "sk_live_", "rk_live_")
_LIVE_KEY_PREFIXES = ("sk_live_", "rk_live_")
_PRICE_ID = re.compile(r"price_[A-Za-z0-9]{1,120}")
_MIN_WEBHOOK_SECRET = 16
_MIN_OPERATOR_KEY = 32
_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad variable: its name and the rule it breaks, never its value."""

    name: str
    rule: str


class ConfigError(Exception):
    """All bad variables at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.name} {problem.rule}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RedisConfig:
    """`cluster` means that the address is a node of a Redis Cluster; `allow_volatile`, that it may lose data."""

    host: str
    port: int
    db: int
    tls: bool
    password: str | None = field(repr=False)
    cluster: bool = False
    allow_volatile: bool = False

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "RedisConfig":
        """Read only the REDIS_ variables; raises ConfigError."""
        reader = _Reader(env)
        redis = _redis(reader)
        reader.finish()
        return redis


@dataclass(frozen=True, slots=True)
class StripeConfig:
    api_base: str | None
    secret_key: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "StripeConfig":
        """Read only what calling Stripe needs; raises ConfigError."""
        reader = _Reader(env)
        stripe = _stripe(reader)
        reader.finish()
        return stripe


@dataclass(frozen=True, slots=True)
class BillingConfig:
    """`price_ids` maps each plan to its licensed price; `webhook_secret` signs what Stripe sends."""

    price_ids: Mapping[Plan, str]
    webhook_secret: str = field(repr=False)


class SignupMode(StrEnum):
    """Who may become a tenant: anybody at once, anybody who reads their mail, or whom the operator enters."""

    OPEN = "open"
    VERIFIED = "verified"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class SignupConfig:
    """`smtp_url` and `mail_from` are there in mode verified, `operator_key` in mode invite."""

    mode: SignupMode
    mail_from: str
    smtp_url: str | None = field(repr=False)
    operator_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`public_url` is where clients reach the service; return URLs must have one of `allowed_origins` exactly."""

    public_url: str
    allowed_origins: frozenset[str]


@dataclass(frozen=True, slots=True)
class MeteringConfig:
    """How workers tell Stripe of usage; `events_per_second` is for all of them together."""

    seal_grace_seconds: int
    events_per_second: int
    lease_seconds: int


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """`otlp_endpoint` is the base URL of an OTLP/HTTP receiver; None means that nothing is exported."""

    otlp_endpoint: str | None
    metric_export_interval_ms: int
    instance_id: str
    log_level: str


@dataclass(frozen=True, slots=True)
class Config:
    host: str
    port: int
    data_dir: Path
    redis: RedisConfig
    stripe: StripeConfig
    billing: BillingConfig
    signup: SignupConfig
    web: WebConfig
    metering: MeteringConfig
    telemetry: TelemetryConfig
    api_key_secret: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Judge every variable, then raise ConfigError with all the bad ones or return the configuration."""
        reader = _Reader(env)
        host, port = reader.text("HOST", "127.0.0.1"), reader.integer("PORT", 3002, 1, 65535)
        config = cls(
            host=host,
            port=port,
            data_dir=_data_dir(reader),
            redis=_redis(reader),
            stripe=_stripe(reader),
            billing=_billing(reader),
            signup=_signup(reader),
            web=_web(reader, host, port),
            metering=_metering(reader),
            telemetry=_telemetry(reader, port),
            api_key_secret=reader.checked("API_KEY_SECRET", "", _secret_rule),
        )
        reader.finish()
        return config


def archive_folder(env: Mapping[str, str]) -> Path:
    """Where the workers keep the archive."""
    return _data_dir(_Reader(env)) / "archive"


class _Reader:
    """Reads variables and collects what is wrong with them; an empty variable counts as unset."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._problems: list[Problem] = []

    def text(self, name: str, default: str) -> str:
        return self._env.get(name) or default

    def checked(self, name: str, default: str, rule: Callable[[str], str | None]) -> str:
        value = self.text(name, default)
        broken = rule(value)
        if broken:
            self.reject(name, broken)
        return value

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value in choices:
            return value
        self.reject(name, f"must be one of {', '.join(choices)}")
        return default

    def flag(self, name: str) -> bool:
        return self.choice(name, "false", ("true", "false")) == "true"

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high:
            return int(value)
        self.reject(name, f"must be a whole number from {low} to {high}")
        return default

    def url(self, name: str) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        if not _is_http_url(value):
            self.reject(name, "must be an http or https URL with a host and without credentials or query")
        return value.rstrip("/")

    def reject(self, name: str, rule: str) -> None:
        self._problems.append(Problem(name, rule))

    def finish(self) -> None:
        if self._problems:
            raise ConfigError(tuple(self._problems))


def _data_dir(reader: _Reader) -> Path:
    return Path(reader.text("DATA_DIR", "var/data"))


def _redis(reader: _Reader) -> RedisConfig:
    host = reader.text("REDIS_HOST", "127.0.0.1")
    password = reader.text("REDIS_PASSWORD", "") or None
    if password is None and not _is_loopback(host):
        reader.reject("REDIS_PASSWORD", "is required unless REDIS_HOST is a loopback address")
    db, cluster = reader.integer("REDIS_DB", 0, 0, 15), reader.flag("REDIS_CLUSTER")
    if cluster and db:
        reader.reject("REDIS_DB", "must be 0 with REDIS_CLUSTER=true: a cluster has one database")
    return RedisConfig(
        host=host,
        port=reader.integer("REDIS_PORT", 6379, 1, 65535),
        db=db,
        tls=reader.flag("REDIS_TLS"),
        password=password,
        cluster=cluster,
        allow_volatile=reader.choice("ALLOW_VOLATILE_REDIS", "0", ("0", "1")) == "1",
    )


def _stripe(reader: _Reader) -> StripeConfig:
    secret_key = reader.checked("STRIPE_SECRET_KEY", "", _stripe_key_rule)
    api_base = reader.url("STRIPE_API_BASE")
    if api_base and secret_key.startswith(_LIVE_KEY_PREFIXES):
        reader.reject("STRIPE_API_BASE", "must be unset with a live key: it is for test keys and stand-ins")
    return StripeConfig(api_base=api_base, secret_key=secret_key)


def _billing(reader: _Reader) -> BillingConfig:
    return BillingConfig(
        price_ids={plan: reader.checked(f"STRIPE_{plan.upper()}_PRICE_ID", "", _price_rule) for plan in Plan},
        webhook_secret=reader.checked("STRIPE_WEBHOOK_SECRET", "", _webhook_secret_rule),
    )


def _signup(reader: _Reader) -> SignupConfig:
    mode = SignupMode(reader.choice("SIGNUP", SignupMode.OPEN, tuple(SignupMode)))
    verified, invite = mode is SignupMode.VERIFIED, mode is SignupMode.INVITE
    return SignupConfig(
        mode=mode,
        mail_from=reader.checked("MAIL_FROM", "", _sender_rule) if verified else "",
        smtp_url=reader.checked("SMTP_URL", "", _smtp_rule) if verified else None,
        operator_key=reader.checked("OPERATOR_KEY", "", _operator_rule) if invite else None,
    )


def _web(reader: _Reader, host: str, port: int) -> WebConfig:
    public_url = reader.url("PUBLIC_URL") or f"http://{host}:{port}"
    origins = [origin.strip() for origin in reader.text("ALLOWED_ORIGINS", _origin(public_url)).split(",")]
    if not all(is_origin(origin) for origin in origins):
        reader.reject("ALLOWED_ORIGINS", "must be origins such as https://app.example.com, separated by commas")
    return WebConfig(public_url=public_url, allowed_origins=frozenset(origins))


def _metering(reader: _Reader) -> MeteringConfig:
    return MeteringConfig(
        seal_grace_seconds=reader.integer("SEAL_GRACE_SECONDS", 900, 0, 86_400),
        events_per_second=reader.integer("STRIPE_METER_EVENTS_PER_SECOND", 20, 1, 1000),
        lease_seconds=reader.integer("WORKER_LEASE_SECONDS", 15, 6, 300),
    )


def _telemetry(reader: _Reader, port: int) -> TelemetryConfig:
    reader.choice("LOG_FORMAT", "json", ("json",))
    return TelemetryConfig(
        otlp_endpoint=reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
        metric_export_interval_ms=reader.integer(
            "OTEL_METRIC_EXPORT_INTERVAL", METRIC_INTERVAL_SECONDS * 1000, 50, 600_000
        ),
        instance_id=reader.text("OTEL_SERVICE_INSTANCE_ID", f"{socket.gethostname()}:{port}"),
        log_level=reader.choice("LOG_LEVEL", "info", _LOG_LEVELS),
    )


def _price_rule(value: str) -> str | None:
    return None if _PRICE_ID.fullmatch(value) else "must be the id of a Stripe price, which starts with price_"


def _webhook_secret_rule(value: str) -> str | None:
    if value.isascii() and value.isprintable() and value.startswith("whsec_") and len(value) >= _MIN_WEBHOOK_SECRET:
        return None
    return "must be the signing secret of a Stripe webhook endpoint, which starts with whsec_"


def _smtp_rule(value: str) -> str | None:
    parts = urlsplit(value)
    return None if parts.scheme in ("smtp", "smtps") and parts.hostname else "must be smtp://host:port or smtps://host"


def _sender_rule(value: str) -> str | None:
    return None if not any(EMAIL.faults(value, "")) else "must be the e-mail address that mail is sent from"


def _operator_rule(value: str) -> str | None:
    return None if len(value) >= _MIN_OPERATOR_KEY and value.isascii() else "must have at least 32 ASCII characters"


def _stripe_key_rule(value: str) -> str | None:
    if value.isascii() and value.isprintable() and value.startswith(_STRIPE_KEY_PREFIXES):
        return None
    return f"must be a Stripe secret key, which starts with {', '.join(_STRIPE_KEY_PREFIXES)}"


def _secret_rule(value: str) -> str | None:
    kinds = (str.isupper, str.islower, str.isdigit, lambda character: not character.isalnum())
    if len(value) < _MIN_SECRET_LENGTH:
        return f"must have at least {_MIN_SECRET_LENGTH} characters"
    if not all(any(kind(character) for character in value) for kind in kinds):
        return "must have upper-case and lower-case letters, digits and special characters"
    if _bits_per_character(value) < _MIN_SECRET_BITS_PER_CHARACTER:
        return "must be random: its characters repeat too often"
    return None


def _bits_per_character(text: str) -> float:
    """Shannon entropy of the characters' frequencies."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_http_url(value: str) -> bool:
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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
