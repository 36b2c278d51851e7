"""Clients that report usage as careful ones do: unique ids, the same id again until there is an answer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from chaos.lab.durability.records import Event, Records
from chaos.lab.durability.tenants import Tenant
from chaos.lab.stripe_sandbox.dice import Dice

MOST_EVENTS = 40
"""Of one report; the least is one, so that the mean is half of it."""
_ANSWER_SECONDS = 5.0
_RESEND_SECONDS = 0.2
_LATE_SHARE = 0.5
_LATE_SECONDS = 3 * 3600
_VALUES: Mapping[str, int] = {"verify_events": 5, "sign_events": 2, "rfc3161_timestamps": 1}
"""The largest value by event type: little enough that no tenant comes near its daily cost cap."""
_SHARES: Mapping[str, float] = {"verify_events": 0.92, "sign_events": 0.99, "rfc3161_timestamps": 1.0}
"""The types' shares, added up from the first to each."""


class Draws:
    """Events of random type, value and time; about half of them late enough for an hour that is closed or closing."""

    def __init__(self, seed: int, run_id: str, now: Callable[[], float]) -> None:
        self._dice = Dice(seed)
        self._name = f"{run_id}-{seed}"
        self._now = now
        self._drawn = 0

    def report(self, tenants: Sequence[Tenant]) -> tuple[Tenant, list[Event]]:
        """The next report of one of the tenants."""
        tenant = tenants[int(self._dice.draw() * len(tenants))]
        return tenant, [self._event(tenant) for _ in range(1 + int(self._dice.draw() * MOST_EVENTS))]

    def pause(self, mean_seconds: float) -> float:
        return 2 * mean_seconds * self._dice.draw()

    def _event(self, tenant: Tenant) -> Event:
        self._drawn += 1
        kind = self._dice.draw()
        event_type = next(name for name, share in _SHARES.items() if kind < share)
        late = _LATE_SECONDS * self._dice.draw() if self._dice.draw() < _LATE_SHARE else 0.0
        moment = datetime.fromtimestamp(self._now() - late, UTC).isoformat(timespec="milliseconds")
        value = 1 + int(self._dice.draw() * _VALUES[event_type])
        return Event(tenant.tenant_id, f"{self._name}-{self._drawn}", event_type, value, moment)


class Client:
    """One of several that report at the same time; `answers` counts what came back, by status."""

    def __init__(self, session: aiohttp.ClientSession, draws: Draws, records: Records) -> None:
        self.answers: Counter[str] = Counter()
        self._session = session
        self._draws = draws
        self._records = records

    async def report(self, tenants: Sequence[Tenant], events_per_second: float, stopping: asyncio.Event) -> None:
        """Report at this mean rate until told to stop; what is unanswered then is given up and stays unanswered."""
        mean_pause = MOST_EVENTS / 2 / events_per_second
        while not stopping.is_set():
            tenant, events = self._draws.report(tenants)
            self._records.reported(events)
            await self._send(tenant, events, stopping)
            await asyncio.sleep(self._draws.pause(mean_pause))

    async def _send(self, tenant: Tenant, events: Sequence[Event], stopping: asyncio.Event) -> None:
        document = {"events": [_reportable(event) for event in events]}
        while True:
            outcomes = await self._exchange(tenant, document)
            if outcomes is not None:
                return self._note(events, outcomes)
            if stopping.is_set():
                return None
            await asyncio.sleep(_RESEND_SECONDS)

    async def _exchange(self, tenant: Tenant, document: Mapping[str, Any]) -> dict[str, str] | None:
        """What became of each event, or None where the answer does not say."""
        try:
            async with self._session.post("/usage/report", json=document, headers=tenant.headers) as response:
                self.answers[str(response.status)] += 1
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.answers[type(error).__name__] += 1
            return None
        results = answer.get("results")
        return None if results is None else {result["event_id"]: result["status"] for result in results}

    def _note(self, events: Sequence[Event], outcomes: Mapping[str, str]) -> None:
        """Only a word on just this event counts; a conflict, as each id has one body, is the service's mistake."""
        taken = [event for event in events if outcomes.get(event.event_id) in ("accepted", "duplicate")]
        self._records.acknowledged(taken)
        self._records.refused([event for event in events if outcomes.get(event.event_id) == "rejected"])
        self.answers["conflict"] += sum(outcomes.get(event.event_id) == "conflict" for event in events)


def session_to(base_url: str) -> aiohttp.ClientSession:
    """Connections that several clients share."""
    return aiohttp.ClientSession(base_url, timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS))


def real_time_plus(seconds: Callable[[], float]) -> Callable[[], float]:
    """The clients' clock, which is right while those of the programs are stepped."""
    return lambda: time.time() + seconds()


def _reportable(event: Event) -> dict[str, str | int]:
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "value": event.value,
        "timestamp": event.timestamp,
    }
