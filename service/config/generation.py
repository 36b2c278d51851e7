"""Fresh secrets that keep the rules."""

import secrets
import string

from service.config.strength import API_KEY_SECRET, JWT_SECRET, REDIS_PASSWORD, Strength

# No character that a shell, a .env file or a Redis configuration reads as anything but itself.
_ALPHABET = string.ascii_letters + string.digits + "-_.~+,:@%^"


def generate() -> dict[str, str]:
    """A value for each secret that can be made here; Stripe's and the mail server's come from there."""
    return {
        "JWT_SECRET": random_secret(JWT_SECRET, 160),
        "API_KEY_SECRET": random_secret(API_KEY_SECRET, 96),
        "REDIS_PASSWORD": random_secret(REDIS_PASSWORD, 48),
        "OPERATOR_KEY": random_secret(REDIS_PASSWORD, 48),
    }


def random_secret(strength: Strength, length: int) -> str:
    """Draw until a text of that length is strong enough."""
    while True:
        drawn = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        if strength.faults(drawn) is None and drawn[0].isalnum():
            return drawn
