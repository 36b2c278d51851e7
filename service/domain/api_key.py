"""API keys: `c2pa_<unix seconds>_<32 hex id>_<43 base62 secret><6 base62 CRC32>`.

The checksum lets a secret scanner, and this service, tell a mistyped key from a real one without a look-up.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from service.domain.schema import Text

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(r"c2pa_[1-9][0-9]{0,11}_(?P<id>[0-9a-f]{32})_[0-9A-Za-z]{43}(?P<checksum>[0-9A-Za-z]{6})")
_PEPPER_INFO = b"c2pa-billing api key digest v1"

SECRET_BYTES = 32
KEY_ID_BYTES = 16
KEY_ID = Text(2 * KEY_ID_BYTES, 2 * KEY_ID_BYTES, pattern=f"[0-9a-f]{{{2 * KEY_ID_BYTES}}}", about="Id of an API key.")
API_KEY_PATTERN = "c2pa_[1-9][0-9]{0,11}_[0-9a-f]{32}_[0-9A-Za-z]{49}"


class Scope(StrEnum):
    """What a key may do; a tenant's first key may do everything."""

    TENANT_READ = "tenant:read"
    TENANT_WRITE = "tenant:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    USAGE_READ = "usage:read"
    USAGE_WRITE = "usage:write"
    AUDIT_READ = "audit:read"
    EXPORT_WRITE = "export:write"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in clear; it exists only while it is issued or presented."""

    key_id: str
    text: str = field(repr=False)


def issue(tenant_id: str, issued_at: int, id_entropy: bytes, secret_entropy: bytes) -> ApiKey:
    """Build a key whose id shares the tenant id's first byte, so that both live on one shard.

    `issued_at` is in unix seconds; the entropies are KEY_ID_BYTES and SECRET_BYTES random bytes.
    """
    key_id = tenant_id[:2] + id_entropy[1:].hex()
    secret = _base62(int.from_bytes(secret_entropy, "big"), _SECRET_LENGTH)
    unchecked = f"c2pa_{issued_at}_{key_id}_{secret}"
    return ApiKey(key_id=key_id, text=unchecked + _checksum(unchecked))


def parse(text: str) -> ApiKey | None:
    """Return the key if its shape and checksum are right, else None."""
    match = _SHAPE.fullmatch(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != match["checksum"]:
        return None
    return ApiKey(key_id=match["id"], text=text)


def derive_pepper(api_key_secret: str) -> bytes:
    """Derive the key under which API keys are digested."""
    return hkdf_sha256(api_key_secret.encode(), _PEPPER_INFO)


def hkdf_sha256(secret: bytes, info: bytes) -> bytes:
    """Return the first 32 bytes of HKDF-SHA-256 with an empty salt (RFC 5869)."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def digest(key: ApiKey, pepper: bytes) -> bytes:
    """The only form in which a key is stored."""
    return hmac.digest(pepper, key.text.encode(), "sha256")


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
