"""Real requests that make the stack emit everything that it can, the failures included."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests

from chaos.errors import LabError

_SECONDS = 10.0
_READY_SECONDS = 30.0


class Caller:
    """Talks to the lab's service, and cuts it off from what it depends on."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._service, self._toxiproxy = urls["service"], urls["toxiproxy"]
        self._http = requests.Session()

    def exercise(self) -> None:
        """Success, refusal and failure of everything that panels and rules look at.

        Raises LabError, or requests.RequestException, where the lab does not work.
        """
        tenant_id, headers = self._tenant()
        self._report(headers)
        for path in (f"/usage/{tenant_id}", "/health", "/nowhere"):
            self._send("GET", path, headers=headers)
        self._send("POST", "/webhooks/stripe", json={})
        with self._cut_off("stripe"):
            self._sign_up("cut-off@example.com")
        with self._cut_off("redis"):
            self._report(headers)

    def _tenant(self) -> tuple[str, dict[str, str]]:
        """Wait until the service takes tenants: its dependencies may have started after it."""
        until = time.monotonic() + _READY_SECONDS
        while True:
            answer = self._sign_up("contract@example.com")
            if answer.status_code == requests.codes.created:
                created = answer.json()
                return created["tenant_id"], {"Authorization": f"Bearer {created['api_key']}"}
            if time.monotonic() > until:
                raise LabError(f"expected a tenant to be created, got {answer.status_code}: {answer.text}")
            time.sleep(0.5)

    def _sign_up(self, email: str) -> requests.Response:
        return self._send("POST", "/tenants", json={"name": "Contract", "email": email, "plan": "pro"})

    def _report(self, headers: Mapping[str, str]) -> None:
        facts = {"discovery": "remote", "outcome": "found", "duration_ms": 120}
        signed, verified = _event("a", "sign_events"), _event("b", "verify_events", properties=facts)
        events = [signed, signed, verified, _event("c", "rfc3161_timestamps"), {**signed, "value": 2}]
        self._send("POST", "/usage/report", json={"events": [*events, _event("d", "unknown")]}, headers=headers)

    @contextmanager
    def _cut_off(self, name: str) -> Iterator[None]:
        self._switch(name, on=False)
        try:
            yield
        finally:
            self._switch(name, on=True)

    def _switch(self, name: str, *, on: bool) -> None:
        answer = self._http.post(f"{self._toxiproxy}/proxies/{name}", json={"enabled": on}, timeout=_SECONDS)
        answer.raise_for_status()

    def _send(self, method: str, path: str, **content: Any) -> requests.Response:
        return self._http.request(method, f"{self._service}{path}", timeout=_SECONDS, **content)


def _event(event_id: str, event_type: str, **more: object) -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    return {"event_id": f"contract-{event_id}", "event_type": event_type, "value": 1, "timestamp": now, **more}
