"""What keys and tokens are derived from."""

from dataclasses import dataclass, field

from service.config.reader import Reader
from service.config.strength import API_KEY_SECRET, JWT_SECRET


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """`api_key_previous` is there while API_KEY_SECRET is rotated."""

    jwt: str = field(repr=False)
    api_key: str = field(repr=False)
    api_key_previous: str | None = field(repr=False)

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The newest first."""
        return (self.api_key,) if self.api_key_previous is None else (self.api_key, self.api_key_previous)


def read_secrets(reader: Reader) -> SecretsConfig:
    return SecretsConfig(
        jwt=reader.secret("JWT_SECRET", JWT_SECRET.faults),
        api_key=reader.secret("API_KEY_SECRET", API_KEY_SECRET.faults),
        api_key_previous=reader.optional_secret("API_KEY_SECRET_PREVIOUS", API_KEY_SECRET.faults),
    )
