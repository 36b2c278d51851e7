"""When a failed call is worth a second try, how long to wait for it, and how many second tries the service affords."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

BASE_SECONDS = 0.1
CEILING_SECONDS = 1.0
MAX_RETRIES = 3
BUDGET_SHARE_PERCENT = 10
BUDGET_RETRIES = 10

_CONFLICT, _TOO_MANY_REQUESTS, _SERVER_ERROR = 409, 429, 500


class RetryOutcome(StrEnum):
    """What became of a retry that was worth making."""

    MADE = "made"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call failed; `status` is None where there was no answer, `advice` where Stripe gave none."""

    status: int | None
    advice: bool | None = None
    retry_after_seconds: float = 0.0
    is_replay: bool = False

    @classmethod
    def of(cls, status: int | None, headers: Mapping[str, str]) -> "Failure":
        """Read an answer's headers, whose names are in any case."""
        named = {name.lower(): value for name, value in headers.items()}
        advice = {"true": True, "false": False}.get(named.get("stripe-should-retry", ""))
        return cls(status, advice, _seconds(named.get("retry-after", "")), "idempotent-replayed" in named)


def is_transient(failure: Failure) -> bool:
    """Whether the same request may succeed later: Stripe's word counts first, and a replay will never change."""
    if failure.is_replay:
        return False
    if failure.advice is not None:
        return failure.advice
    return failure.status is None or failure.status in (_CONFLICT, _TOO_MANY_REQUESTS) or is_outage(failure)


def is_outage(failure: Failure) -> bool:
    """Whether the failure says that Stripe is down, rather than that it refused a request."""
    return failure.status is None or (failure.status >= _SERVER_ERROR and not failure.is_replay)


def pause_seconds(retry: int, failure: Failure, jitter: Callable[[float, float], float]) -> float:
    """Full jitter below a doubling ceiling, and never less than Stripe asked for; `retry` counts from 0."""
    drawn = jitter(0.0, min(CEILING_SECONDS, BASE_SECONDS * 2.0**retry))
    return failure.retry_after_seconds + drawn


class RetryBudget:
    """A token bucket that calls fill and retries empty, so that an outage is not answered with a flood of retries."""

    def __init__(self, share_percent: int = BUDGET_SHARE_PERCENT, capacity_retries: int = BUDGET_RETRIES) -> None:
        self._share = share_percent
        self._capacity = capacity_retries * 100
        self._level = self._capacity

    def deposit(self) -> None:
        """A call was made; it earns its share of a retry."""
        self._level = min(self._capacity, self._level + self._share)

    def withdraw(self) -> bool:
        """Take one retry out; False where the budget is spent."""
        if self._level < 100:
            return False
        self._level -= 100
        return True


def _seconds(text: str) -> float:
    """Retry-After as Stripe sends it; a date or nonsense counts as nothing."""
    return float(text) if text.isdecimal() else 0.0
