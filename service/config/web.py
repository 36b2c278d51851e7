"""Where the service is reached, and from where."""

from dataclasses import dataclass

from service.config.environment import Environment
from service.config.reader import Reader
from service.config.rules import origin_of
from service.domain.return_url import is_origin


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`public_url` is where clients reach the service; return URLs must have one of `allowed_origins` exactly."""

    public_url: str
    allowed_origins: frozenset[str]


def read_web(reader: Reader, environment: Environment, host: str, port: int) -> WebConfig:
    public_url = reader.url("PUBLIC_URL") or f"http://{host}:{port}"
    if environment.is_production and not public_url.startswith("https://"):
        reader.reject("PUBLIC_URL", "must be https in production")
    return WebConfig(public_url=public_url, allowed_origins=_origins(reader, environment, origin_of(public_url)))


def _origins(reader: Reader, environment: Environment, own: str) -> frozenset[str]:
    if environment.is_production and not reader.text("ALLOWED_ORIGINS"):
        reader.reject("ALLOWED_ORIGINS", "is required in production")
    origins = [origin.strip() for origin in reader.text("ALLOWED_ORIGINS", own).split(",")]
    if not all(is_origin(origin) for origin in origins):
        example = "origins such as https://app.example.com, separated by commas and without wildcard"
        reader.reject("ALLOWED_ORIGINS", f"must be {example}")
    elif environment.is_production and not all(origin.startswith("https://") for origin in origins):
        reader.reject("ALLOWED_ORIGINS", "must be https in production")
    return frozenset(origins)
