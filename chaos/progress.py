"""Live progress on the terminal: what happened, with the time since the start."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, TextIO

from chaos.load_log import read_requests
from chaos.run_folder import RunFolder

_PACE_SECONDS = 0.5
_PULSE_SECONDS = 5.0

_STORIES = {
    "fault_injected": "fault injected: {fault} {program}",
    "effect_confirmed": "effect confirmed by {probe}",
    "responder_paged": "page received: {alert}",
    "runbook_started": "runbook: /health fails {failing}, restarting {restart}",
    "runbook_without_answer": "the runbook of {alert} has no step for {failing}",
    "mitigated": "mitigated: {action} {program}",
}


class Progress:
    """Prints lines such as `  12.3 s  redis ready after 0.4 s`."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {line}", file=self._stream, flush=True)

    async def follow(self, folder: RunFolder) -> None:
        """Tell the run's events as they come, and the load's pulse every few seconds; until cancelled."""
        told, pulse = 0, time.monotonic()
        while True:
            events = folder.recorded()
            for event in events[told:]:
                self._tell(event)
            told = len(events)
            if time.monotonic() - pulse >= _PULSE_SECONDS:
                pulse = time.monotonic()
                self(await asyncio.to_thread(_pulse, folder))
            await asyncio.sleep(_PACE_SECONDS)

    def _tell(self, event: dict[str, Any]) -> None:
        if event["kind"] in _STORIES:
            self(_STORIES[event["kind"]].format(**event))
        if event["kind"] == "notification" and event["status"] == "resolved":
            self(f"resolved: {event['labels']['alertname']} {event['labels'].get('long_window', '')}")
        if event["kind"] == "activity_began":
            self(f"{event['type']}: {event['name']}")


def _pulse(folder: RunFolder) -> str:
    since = time.time() - _PULSE_SECONDS
    recent = [one for one in read_requests(folder.load) if one.ended >= since]
    failed = sum(not one.ok for one in recent)
    share = failed / len(recent) if recent else 0.0
    return f"load: {len(recent) / _PULSE_SECONDS:.0f} answers/s, {share:.0%} failed"
