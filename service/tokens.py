"""Signed tokens (JWT, HS512): each purpose has a key of its own, so that a token is good for one thing only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import jwt
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.types import Options

ALGORITHM = "HS512"
MAX_TOKEN_LENGTH = 2048
LEEWAY_SECONDS = 5
"""How far the clocks of two replicas may be apart."""

_KEY_BYTES = 64
_CLAIMS = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")
_OPTIONS: Options = {
    "require": list(_CLAIMS),
    "strict_aud": True,
    "verify_exp": False,  # by our own clock
    "verify_nbf": False,
    "verify_iat": False,
}


class Purpose(StrEnum):
    """What a token is for; it is the token's audience."""

    EMAIL = "c2pa-billing/verify-email"
    SESSION = "c2pa-billing/session"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Times are in unix seconds; `private` are claims of its purpose's own."""

    subject: str
    token_id: str
    issued_at: int
    expires_at: int
    private: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tokens:
    """`issuer` is this deployment's public URL, so that no other one's tokens count here.

    `secrets` are the newest first: that one signs, and what any of them signed is good until it expires.
    """

    secrets: tuple[str, ...] = field(repr=False)
    issuer: str
    clock: Callable[[], datetime]

    def issue(self, purpose: Purpose, subject: str, token_id: str, seconds: int, **private: str) -> tuple[str, Claims]:
        """Return the token and what it says; it is good for so many seconds from now."""
        now = int(self.clock().timestamp())
        said: dict[str, Any] = {**private, "iss": self.issuer, "sub": subject, "aud": purpose.value, "jti": token_id}
        said |= {"iat": now, "nbf": now, "exp": now + seconds}
        text = jwt.encode(said, next(self.keys(purpose.value)), ALGORITHM)
        return text, Claims(subject, token_id, now, now + seconds, private)

    def read(self, purpose: Purpose, text: str) -> Claims | None:
        """Return what the token says; None for every token that is not ours, not of this purpose or not of now."""
        if len(text) > MAX_TOKEN_LENGTH:
            return None
        for key in self.keys(purpose.value):
            said = self._decoded(purpose, text, key)
            if said is not None:
                return _claims(said) if self._is_of_now(said) else None
        return None

    def keys(self, purpose: str) -> Iterator[bytes]:
        """The keys of one purpose, the newest first."""
        return (derive_key(secret, purpose) for secret in self.secrets)

    def _decoded(self, purpose: Purpose, text: str, key: bytes) -> Mapping[str, Any] | None:
        audience = purpose.value
        try:
            return jwt.decode(text, key, [ALGORITHM], audience=audience, issuer=self.issuer, options=_OPTIONS)
        except (jwt.InvalidTokenError, UnicodeError):
            return None

    def _is_of_now(self, said: Mapping[str, Any]) -> bool:
        """By the service's own clock, since that is the one that dates everything else."""
        begins, ends, now = (said["iat"], said["nbf"]), said["exp"], self.clock().timestamp()
        if not all(type(each) is int for each in (*begins, ends)):
            return False
        return bool(max(begins) <= now + LEEWAY_SECONDS and now < ends)


def derive_key(secret: str, purpose: str) -> bytes:
    """Derive the key of one purpose by HKDF-SHA-512 (RFC 5869); those of two purposes say nothing about each other."""
    info = f"c2pa-billing jwt {purpose} v1".encode()
    return HKDF(SHA512(), _KEY_BYTES, salt=None, info=info).derive(secret.encode())


def _claims(said: Mapping[str, Any]) -> Claims | None:
    private = {name: value for name, value in said.items() if name not in _CLAIMS}
    if not all(isinstance(value, str) and value for value in (said["sub"], said["jti"], *private.values())):
        return None
    return Claims(said["sub"], said["jti"], said["iat"], said["exp"], private)
