"""The whole configuration of one process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from service.config.metering import MeteringConfig, read_metering
from service.config.reader import Reader
from service.config.redis import RedisConfig, read_redis
from service.config.signup import SignupConfig, read_signup
from service.config.strength import secret_rule
from service.config.stripe import BillingConfig, StripeConfig, read_billing, read_stripe
from service.config.telemetry import TelemetryConfig, read_telemetry
from service.config.web import WebConfig, read_web


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
        reader = Reader(env)
        host, port = reader.text("HOST", "127.0.0.1"), reader.integer("PORT", 3002, 1, 65535)
        config = cls(
            host=host,
            port=port,
            data_dir=_data_dir(reader),
            redis=read_redis(reader),
            stripe=read_stripe(reader),
            billing=read_billing(reader),
            signup=read_signup(reader),
            web=read_web(reader, host, port),
            metering=read_metering(reader),
            telemetry=read_telemetry(reader, port),
            api_key_secret=reader.checked("API_KEY_SECRET", "", secret_rule),
        )
        reader.finish()
        return config


def archive_folder(env: Mapping[str, str]) -> Path:
    """Where the workers keep the archive."""
    return _data_dir(Reader(env)) / "archive"


def _data_dir(reader: Reader) -> Path:
    return Path(reader.text("DATA_DIR", "var/data"))
