"""How hard a secret is to guess."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


def _is_special(character: str) -> bool:
    return not character.isalnum()


_KINDS: dict[str, Callable[[str], bool]] = {
    "upper-case letters": str.isupper,
    "lower-case letters": str.islower,
    "digits": str.isdigit,
    "special characters": _is_special,
}


@dataclass(frozen=True, slots=True)
class Strength:
    """What a secret must have at least; the floor is of the Shannon entropy of its characters' frequencies."""

    length: int
    bits_per_character: float

    def faults(self, value: str) -> str | None:
        """Every rule that is broken, with what was measured; None if it is strong enough."""
        return ", ".join(self._faults(value)) or None

    def _faults(self, value: str) -> list[str]:
        said = []
        if not (value.isascii() and value.isprintable()):
            said.append("must be printable ASCII")
        if len(value) < self.length:
            said.append(f"must have at least {self.length} characters (has {len(value)})")
        missing = [kind for kind, has in _KINDS.items() if not any(has(character) for character in value)]
        if missing:
            said.append(f"must have {', '.join(_KINDS)} (lacks {', '.join(missing)})")
        bits = bits_per_character(value)
        if bits < self.bits_per_character:
            said.append(f"must be random: {self.bits_per_character} bits a character at least (has {bits:.2f})")
        return said


JWT_SECRET = Strength(128, 5.0)
API_KEY_SECRET = Strength(64, 4.5)
REDIS_PASSWORD = Strength(24, 3.5)


def bits_per_character(text: str) -> float:
    """Shannon entropy of the characters' frequencies; 0 for an empty text."""
    return sum(n / len(text) * math.log2(len(text) / n) for n in Counter(text).values())
