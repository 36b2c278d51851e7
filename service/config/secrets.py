"""What keys and tokens are derived from."""

from dataclasses import dataclass, field

from service.config.reader import Reader
from service.config.strength import API_KEY_SECRET, JWT_SECRET


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """`jwt_previous` and `api_key_previous` are there while JWT_SECRET and API_KEY_SECRET are rotated."""

    jwt: str = field(repr=False)
    jwt_previous: str | None = field(repr=False)
    api_key: str = field(repr=False)
    api_key_previous: str | None = field(repr=False)

    @property
    def jwts(self) -> tuple[str, ...]:
        """The newest first."""
        return _newest_first(self.jwt, self.jwt_previous)

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The newest first."""
        return _newest_first(self.api_key, self.api_key_previous)


def read_secrets(reader: Reader) -> SecretsConfig:
    return SecretsConfig(
        jwt=reader.secret("JWT_SECRET", JWT_SECRET.faults),
        jwt_previous=reader.optional_secret("JWT_SECRET_PREVIOUS", JWT_SECRET.faults),
        api_key=reader.secret("API_KEY_SECRET", API_KEY_SECRET.faults),
        api_key_previous=reader.optional_secret("API_KEY_SECRET_PREVIOUS", API_KEY_SECRET.faults),
    )


def _newest_first(current: str, previous: str | None) -> tuple[str, ...]:
    return (current,) if previous is None else (current, previous)
