"""Tokens that let their holder download one tenant's data for a short time, without an API key.

base64url( tenant id (16 bytes) | expiry in unix seconds (8) | nonce (12) | HMAC-SHA-256 of those (32) )
"""

import base64
import binascii
import hmac

from service.domain.api_key import hkdf_sha256
from service.domain.schema import Text

DOWNLOAD_TOKEN = Text(
    91, min_length=91, pattern="[A-Za-z0-9_-]{91}", about="From the URL that an export was answered with."
)
NONCE_BYTES = 12
_INFO = b"c2pa-billing export download v1"
_SIGNED_BYTES = 16 + 8 + NONCE_BYTES
_TOKEN_BYTES = _SIGNED_BYTES + 32


def derive_download_key(api_key_secret: str) -> bytes:
    """Derive the key that signs downloads."""
    return hkdf_sha256(api_key_secret.encode(), _INFO)


def sign(key: bytes, tenant_id: str, expires_at: int, nonce: bytes) -> str:
    """Return the token; `expires_at` is in unix seconds, the nonce has NONCE_BYTES."""
    signed = bytes.fromhex(tenant_id) + expires_at.to_bytes(8, "big") + nonce
    token = signed + hmac.digest(key, signed, "sha256")
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def verify(key: bytes, token: str, now: int) -> str | None:
    """Return whose data the token opens; None for a forged, mangled or expired one."""
    raw = _decoded(token)
    signed, signature = raw[:_SIGNED_BYTES], raw[_SIGNED_BYTES:]
    if len(raw) != _TOKEN_BYTES or not hmac.compare_digest(signature, hmac.digest(key, signed, "sha256")):
        return None
    return signed[:16].hex() if now < int.from_bytes(signed[16:24], "big") else None


def _decoded(token: str) -> bytes:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.urlsafe_b64encode(raw).decode().rstrip("=") == token else b""
