"""Money in integer micro-cents, a millionth of a US cent: how it is read, shown and rounded."""

import re

MICROCENTS_PER_CENT = 1_000_000
MICROCENTS_PER_USD = 100 * MICROCENTS_PER_CENT

_USD = re.compile(r"(\d{1,9})(?:\.(\d{1,8}))?", re.ASCII)
_DECIMALS = 8
_SHOWN_DECIMALS = 2


def parse_usd(text: str) -> int:
    """Read a price such as `0.008` into micro-cents, exactly; raises ValueError with what was expected."""
    match = _USD.fullmatch(text)
    if match is None:
        raise ValueError(f'expected US dollars such as "0.008", at most {_DECIMALS} decimals and no sign, got {text!r}')
    dollars, decimals = match[1], match[2] or ""
    return int(dollars) * MICROCENTS_PER_USD + int(decimals.ljust(_DECIMALS, "0"))


def format_usd(microcents: int) -> str:
    """Show exactly, with two decimals or as many as it takes: `199.00`, `0.008`."""
    dollars, rest = divmod(abs(microcents), MICROCENTS_PER_USD)
    decimals = f"{rest:0{_DECIMALS}d}".rstrip("0").ljust(_SHOWN_DECIMALS, "0")
    return f"{'-' if microcents < 0 else ''}{dollars}.{decimals}"


def round_to_cents(microcents: int) -> int:
    """Whole cents, half away from zero."""
    return divide_rounded(microcents, MICROCENTS_PER_CENT)


def divide_rounded(amount: int, divisor: int) -> int:
    """`amount / divisor` for a positive divisor, half away from zero."""
    magnitude = (2 * abs(amount) + divisor) // (2 * divisor)
    return -magnitude if amount < 0 else magnitude
