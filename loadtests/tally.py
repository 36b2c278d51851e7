"""The figures of a run, counted as it goes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtests.answers import Verdict
from loadtests.records import Attempt
from loadtests.traffic import Request


@dataclass(frozen=True, slots=True)
class Summary:
    """What `load.json` says. `sent` counts arrivals, `attempts` their resends as well.

    Late is how long after its intended time an arrival left the generator.
    """

    arrivals: int
    sent: int
    dropped: int
    attempts: int
    resent: int
    failed: int
    acknowledged_events: int
    refused_events: dict[str, int]
    unresolved_events: int
    late_p50_seconds: float
    late_p99_seconds: float
    duration_seconds: float


@dataclass(slots=True)
class Tally:
    """Counts what `Summary` reports."""

    dropped: int = 0
    attempts: int = 0
    failed: int = 0
    offered_events: int = 0
    acknowledged_events: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    late_seconds: list[float] = field(default_factory=list)

    def count_attempt(self, request: Request, attempt: Attempt, verdict: Verdict) -> None:
        """Count one finished attempt."""
        self.attempts += 1
        self.failed += not attempt.ok
        self.acknowledged_events += len(verdict.acknowledged)
        self.refused.update(verdict.refused)
        if attempt.attempt == 1:
            self.offered_events += len(request.events)
            self.late_seconds.append(attempt.sent - attempt.intended)

    def summary(self, duration_seconds: float) -> Summary:
        """The figures so far."""
        sent = len(self.late_seconds)
        late = sorted(self.late_seconds)
        return Summary(
            arrivals=sent + self.dropped,
            sent=sent,
            dropped=self.dropped,
            attempts=self.attempts,
            resent=self.attempts - sent,
            failed=self.failed,
            acknowledged_events=self.acknowledged_events,
            refused_events={code: count for code, count in sorted(self.refused.items()) if count},
            unresolved_events=self.offered_events - self.acknowledged_events - self.refused.total(),
            late_p50_seconds=round(quantile(late, 0.50), 6),
            late_p99_seconds=round(quantile(late, 0.99), 6),
            duration_seconds=round(duration_seconds, 3),
        )


def quantile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; 0 for no values."""
    if not ascending:
        return 0.0
    rank = -(-len(ascending) * share // 1)  # ceiling
    return ascending[max(0, int(rank) - 1)]
