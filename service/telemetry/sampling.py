"""Which traces are kept; decided when a trace is over, so that no failure and no slow request is missed."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TRACE_RATIO = 0.01
"""Of the traces that are neither failed nor slow."""

_TOP = 1 << 64
_LOW_BITS = _TOP - 1


class Reason(StrEnum):
    """Why a trace is kept."""

    FAILED = "failed"
    SLOW = "slow"
    GAMEDAY = "gameday"
    LINKED = "linked"
    SHARE = "share"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sampling:
    """`ratio` of the traces that are neither failed nor slow are kept; slow is what takes longer than `slow_seconds`.

    A request that says that it is a GameDay's is believed only with `honours_gameday`.
    """

    ratio: float
    slow_seconds: float
    honours_gameday: bool = False

    def is_drawn(self, trace_id: int) -> bool:
        """Whether the trace belongs to the share; every process that asks says the same, as OpenTelemetry's sampler."""
        return (trace_id & _LOW_BITS) < self.ratio * _TOP
