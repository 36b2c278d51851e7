"""What a client keeps of reports that nobody acknowledged: they are sent again once the service answers it again.

A client that resent by the clock alone would multiply the traffic of an outage, and the outage would look worse than
its arrivals are.
"""

from collections import deque

from loadtests.traffic import Request


class Outbox:
    """Reports waiting for their next attempt, oldest first within each tenant."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[Request, int]]] = {}

    def __len__(self) -> int:
        return sum(len(reports) for reports in self._waiting.values())

    def hold(self, tenant_id: str, report: Request, attempts: int) -> None:
        """Keep a report that has been sent `attempts` times."""
        self._waiting.setdefault(tenant_id, deque()).append((report, attempts))

    def release(self, tenant_id: str) -> tuple[Request, int] | None:
        """The tenant's oldest report with its attempts so far; None if none waits."""
        reports = self._waiting.get(tenant_id)
        return reports.popleft() if reports else None

    def release_all(self) -> list[tuple[Request, int]]:
        """Everything that waits, for the last attempts of a run."""
        released = [one for reports in self._waiting.values() for one in reports]
        self._waiting.clear()
        return released
