"""How often rules are evaluated."""

from decimal import Decimal

from slo.window import Window, range_text

FAST_INTERVAL_SECONDS = 5
SLOW_INTERVAL_SECONDS = 30
PERIOD_INTERVAL_SECONDS = 300
"""How far apart the samples are that the longest windows sum."""

RECORDING_WINDOW = Window("5m")
LONGEST_RAW_WINDOW = Window("1h")
LONGEST_FINE_WINDOW = Window("3d")


def interval(seconds: int, scale: int) -> str:
    """An evaluation interval at this scale; unlike a window it may be rounded, up to the next millisecond."""
    return range_text(milliseconds(seconds, scale))


def milliseconds(seconds: int, scale: int) -> int:
    return -(-seconds * 1_000 // scale)


def spacing_seconds(window: Window, scale: int) -> Decimal:
    """Seconds between the recorded samples that a window sums."""
    return Decimal(milliseconds(PERIOD_INTERVAL_SECONDS if is_sparse(window) else SLOW_INTERVAL_SECONDS, scale)) / 1_000


def reads_recordings(window: Window) -> bool:
    """Whether the window is too long to read from the raw series at each evaluation."""
    return window.seconds > LONGEST_RAW_WINDOW.seconds


def is_sparse(window: Window) -> bool:
    """Whether the window is so long that a sample each 5m, of what 5m held, tells as much as one each 30s."""
    return window.seconds > LONGEST_FINE_WINDOW.seconds
