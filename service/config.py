"""The configuration of one process, read once from a mapping of environment variables."""

import ipaddress
import math
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from service.telemetry.pipeline import METRIC_INTERVAL_SECONDS

REDIS_TIMEOUT_SECONDS = 1.0
"""One ledger operation, connecting included."""
STRIPE_TIMEOUT_SECONDS = 3.0
"""One call to Stripe, its retry included."""

_MIN_SECRET_LENGTH = 64
_MIN_SECRET_BITS_PER_CHARACTER = 4.5
_STRIPE_KEY_PREFIXES = ("sk_test_", "rk_test_", "sk_live_", "rk_live_")
_LIVE_KEY_PREFIXES = ("sk_live_", "rk_live_")
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
    host: str
    port: int
    db: int
    tls: bool
    password: str | None = field(repr=False)

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
    telemetry: TelemetryConfig
    api_key_secret: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Judge every variable, then raise ConfigError with all the bad ones or return the configuration."""
        reader = _Reader(env)
        port = reader.integer("PORT", 3002, 1, 65535)
        config = cls(
            host=reader.text("HOST", "127.0.0.1"),
            port=port,
            data_dir=Path(reader.text("DATA_DIR", "var/data")),
            redis=_redis(reader),
            stripe=_stripe(reader),
            telemetry=_telemetry(reader, port),
            api_key_secret=reader.checked("API_KEY_SECRET", "", _secret_rule),
        )
        reader.finish()
        return config


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
        if value not in choices:
            self.reject(name, f"must be one of {', '.join(choices)}")
        return value

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


def _redis(reader: _Reader) -> RedisConfig:
    host = reader.text("REDIS_HOST", "127.0.0.1")
    password = reader.text("REDIS_PASSWORD", "") or None
    if password is None and not _is_loopback(host):
        reader.reject("REDIS_PASSWORD", "is required unless REDIS_HOST is a loopback address")
    return RedisConfig(
        host=host,
        port=reader.integer("REDIS_PORT", 6379, 1, 65535),
        db=reader.integer("REDIS_DB", 0, 0, 15),
        tls=reader.choice("REDIS_TLS", "false", ("true", "false")) == "true",
        password=password,
    )


def _stripe(reader: _Reader) -> StripeConfig:
    secret_key = reader.checked("STRIPE_SECRET_KEY", "", _stripe_key_rule)
    api_base = reader.url("STRIPE_API_BASE")
    if api_base and secret_key.startswith(_LIVE_KEY_PREFIXES):
        reader.reject("STRIPE_API_BASE", "must be unset with a live key: it is for test keys and stand-ins")
    return StripeConfig(api_base=api_base, secret_key=secret_key)


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
