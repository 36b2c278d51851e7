"""The whole configuration of one process."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.config.environment import Environment, read_environment
from service.config.limits import LimitsConfig, read_limits
from service.config.metering import MeteringConfig, read_metering
from service.config.reader import Reader
from service.config.redis import RedisConfig, read_redis
from service.config.secrets import SecretsConfig, read_secrets
from service.config.signup import SignupConfig, read_signup
from service.config.stripe import BillingConfig, StripeConfig, read_billing, read_stripe
from service.config.telemetry import TelemetryConfig, read_telemetry
from service.config.web import WebConfig, read_web


@dataclass(frozen=True, slots=True)
class Config:
    environment: Environment
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
    secrets: SecretsConfig
    limits: LimitsConfig

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Config":
        """Judge every variable, then raise ConfigError with all the bad ones or return the configuration."""
        reader = Reader(env)
        environment = read_environment(reader)
        host, port = reader.text("HOST"), reader.integer("PORT", 1, 65535)
        config = cls(
            environment=environment,
            host=host,
            port=port,
            data_dir=_data_dir(reader),
            redis=read_redis(reader, environment),
            stripe=read_stripe(reader, environment),
            billing=read_billing(reader),
            signup=read_signup(reader),
            web=read_web(reader, environment, host, port),
            metering=read_metering(reader),
            telemetry=read_telemetry(reader, port),
            secrets=read_secrets(reader),
            limits=read_limits(reader, environment),
        )
        reader.finish()
        return config


def archive_folder(env: Mapping[str, str]) -> Path:
    """Where the workers keep the archive."""
    return _data_dir(Reader(env)) / "archive"


def _data_dir(reader: Reader) -> Path:
    return Path(reader.text("DATA_DIR"))
