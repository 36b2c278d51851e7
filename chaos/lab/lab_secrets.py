"""Secrets of one lab: fresh for each, and good for nothing else."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

_ALPHABET = string.ascii_letters + string.digits + "!#%*+,-./:;<=>?@^_~"


def random_secret(length: int) -> str:
    """A printable secret with upper case, lower case, digits and special characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length - 4)) + "Aa1!"


@dataclass(frozen=True)
class LabSecrets:
    """What the service needs to know and nobody else."""

    redis_password: str = field(default_factory=lambda: random_secret(48))
    stripe_secret_key: str = field(default_factory=lambda: "sk_test_" + secrets.token_hex(24))
    stripe_webhook_secret: str = field(default_factory=lambda: "whsec_" + secrets.token_hex(24))
    api_key_secret: str = field(default_factory=lambda: random_secret(96))
    jwt_secret: str = field(default_factory=lambda: random_secret(160))
