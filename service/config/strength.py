"""How hard a secret is to guess."""

import math
from collections import Counter

_MIN_SECRET_LENGTH = 64
_MIN_SECRET_BITS_PER_CHARACTER = 4.5


def secret_rule(value: str) -> str | None:
    kinds = (str.isupper, str.islower, str.isdigit, lambda character: not character.isalnum())
    if len(value) < _MIN_SECRET_LENGTH:
        return f"must have at least {_MIN_SECRET_LENGTH} characters"
    if not all(any(kind(character) for character in value) for kind in kinds):
        return "must have upper-case and lower-case letters, digits and special characters"
    if bits_per_character(value) < _MIN_SECRET_BITS_PER_CHARACTER:
        return "must be random: its characters repeat too often"
    return None


def bits_per_character(text: str) -> float:
    """Shannon entropy of the characters' frequencies."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
