"""What a request derives from its seed, instead of drawing it at random, so that a repetition makes the same again."""

from service.domain.api_key import KEY_ID_BYTES, ApiKey, hkdf_sha256, issue

SEED_BYTES = 32
_ROOT_INFO = b"c2pa-billing request seed v1"


def derive_root(api_key_secret: str) -> bytes:
    """Derive the key under which the seeds of repeatable requests are made."""
    return hkdf_sha256(api_key_secret.encode(), _ROOT_INFO)


def repeatable_seed(root: bytes, scope: str, key: str, fingerprint: str) -> bytes:
    """The seed of every request with this Idempotency-Key and this content; the scope is who sends it."""
    return hkdf_sha256(root, "\n".join((scope, key, fingerprint)).encode())


def derive(seed: bytes, purpose: str) -> bytes:
    """Return SEED_BYTES for one purpose; those of two purposes say nothing about each other."""
    return hkdf_sha256(seed, purpose.encode())


def stripe_key(seed: bytes, purpose: str) -> str:
    """The idempotency key of one call to Stripe."""
    return f"{purpose}-{derive(seed, f'stripe {purpose}').hex()}"


def seeded_key(seed: bytes, tenant_id: str, issued_at: int) -> ApiKey:
    """The one API key that a request may make; `issued_at` is in unix seconds."""
    return issue(tenant_id, issued_at, derive(seed, "api key id")[:KEY_ID_BYTES], derive(seed, "api key secret"))
