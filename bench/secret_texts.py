"""Measures what the look for secrets costs a text of a client, with the forms' hints and without them.

python -m bench.secret_texts
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from timeit import repeat

from service.secret_forms import CARD, has_card_check, load_forms, secret_in

TEXTS = (
    "Example & Partners Ltd",
    "Goodwill for the outage of Monday morning, as agreed with support over the phone; see the ticket in the tracker.",
    "urn:c2pa:3f1c0b58-7c1e-5d0a-9c55-0a8d0f2b6c11",
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    "https://example.com/photos/2026_11_28_final.jpeg?size=large",
    "order 4711 of 2026-11-28, part 12 of 99, gate 7, then 300 more by the end of week 49",
)
"""What names, reasons and properties hold."""
_TIMES = 20_000


def unhinted(text: str) -> str | None:
    """The answer of `secret_in`, by the patterns alone."""
    for name, pattern in _patterns():
        if any(name != CARD or has_card_check(found[0]) for found in pattern.finditer(text)):
            return name
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(form.name, re.compile(form.regex)) for form in load_forms() if form.refused]


def _microseconds(search: Callable[[str], str | None]) -> float:
    """Of a text, at best."""
    seconds = min(repeat(lambda: [search(text) for text in TEXTS], number=_TIMES, repeat=5))
    return seconds / _TIMES / len(TEXTS) * 1e6


def main() -> int:
    """Exit 1 where the hints do not pay."""
    plain, hinted = _microseconds(unhinted), _microseconds(secret_in)
    print(f"unhinted_us={plain:.2f} hinted_us={hinted:.2f} ratio={hinted / plain:.2f}")
    return 0 if hinted < plain else 1


if __name__ == "__main__":
    sys.exit(main())
