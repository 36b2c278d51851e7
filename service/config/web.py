"""Where the service is reached, and from where."""

from dataclasses import dataclass

from service.config.reader import Reader
from service.config.rules import origin_of
from service.domain.return_url import is_origin


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`public_url` is where clients reach the service; return URLs must have one of `allowed_origins` exactly."""

    public_url: str
    allowed_origins: frozenset[str]


def read_web(reader: Reader, host: str, port: int) -> WebConfig:
    public_url = reader.url("PUBLIC_URL") or f"http://{host}:{port}"
    origins = [origin.strip() for origin in reader.text("ALLOWED_ORIGINS", origin_of(public_url)).split(",")]
    if not all(is_origin(origin) for origin in origins):
        reader.reject("ALLOWED_ORIGINS", "must be origins such as https://app.example.com, separated by commas")
    return WebConfig(public_url=public_url, allowed_origins=frozenset(origins))
