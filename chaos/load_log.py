"""What the load saw: one record for every finished request, as the clients lived it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.run_folder import read_lines


@dataclass(frozen=True)
class Request:
    """One attempt; times in unix seconds, `intended` is when the open-loop schedule wanted it sent."""

    name: str
    intended: float
    ended: float
    status: int
    ok: bool
    attempt: int

    @property
    def latency_seconds(self) -> float:
        """From the intended send time, so that a stalled client hides nothing."""
        return self.ended - self.intended


def read_requests(folder: Path) -> list[Request]:
    """Every finished request so far, by intended send time."""
    found = [
        Request(one["name"], one["intended"], one["ended"], one["status"], one["ok"], one["attempt"])
        for one in read_lines(folder / "requests.jsonl")
    ]
    return sorted(found, key=lambda request: request.intended)


def first_failure(requests: Sequence[Request], after: float) -> Request | None:
    """The first request meant to be sent at or after `after` that failed."""
    return next((one for one in requests if one.intended >= after and not one.ok), None)


def first_of_good(requests: Sequence[Request], after: float, count: int) -> Request | None:
    """The first of `count` successes in a row among the requests meant to be sent at or after `after`."""
    run: list[Request] = []
    for one in requests:
        if one.intended < after:
            continue
        run = [*run, one] if one.ok else []
        if len(run) == count:
            return run[0]
    return None
