"""Chaos Toolkit actions that are clients: with bad news, with mistakes, or up to no good. Each ends by itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from chaos.errors import LabError
from chaos.lab.state import read_state
from chaos.run_folder import RunFolder

_SECONDS = 10.0
_CREATED, _UNAUTHORIZED = 201, 401
_REPORTS_PER_SECOND = 5.0
_EVENTS_PER_REPORT = 20


class Visitor:
    """Somebody who calls the service of the lab."""

    def __init__(self) -> None:
        self.folder = RunFolder.from_environment()
        self._url = read_state(self.folder.lab).urls["service"]
        self._http = requests.Session()

    def send(self, method: str, path: str, **content: Any) -> requests.Response:
        return self._http.request(method, f"{self._url}{path}", timeout=_SECONDS, **content)

    def sign_up(self, plan: str) -> Mapping[str, str]:
        """The headers of a new tenant; LabError if it is refused."""
        name = uuid.uuid4().hex[:12]
        form = {"name": f"Visitor {name}", "email": f"visitor-{name}@example.com", "plan": plan}
        answer = self.send("POST", "/tenants", json=form)
        if answer.status_code != _CREATED:
            raise LabError(f"POST /tenants was answered {answer.status_code}; expected a new tenant")
        return {"Authorization": f"Bearer {answer.json()['api_key']}"}

    def keep_up(self, what: str, act: Callable[[], bool], seconds: float, per_second: float) -> bool:
        """Do something again and again; True if it always had the effect that it should."""
        before = time.time()
        self.folder.record("fault_injected", before, error_bar_seconds=0.001, fault=what, program="clients")
        effects = [act() for _ in _beats(seconds, per_second)]
        if effects and all(effects):
            self.folder.record("effect_confirmed", before, error_bar_seconds=1 / per_second, probe=what)
        return bool(effects) and all(effects)


def report_usage(event_type: str, seconds: float, properties: Mapping[str, Any], value: int = 1) -> bool:
    """A tenant reports events of which something is true, such as a credential that was not found."""
    visitor = Visitor()
    headers = visitor.sign_up("enterprise")

    def report() -> bool:
        events = [_event(event_type, value, properties) for _ in range(_EVENTS_PER_REPORT)]
        answer = visitor.send("POST", "/usage/report", json={"events": events}, headers=headers)
        return answer.ok and all(one["status"] == "accepted" for one in answer.json()["results"])

    return visitor.keep_up("report", report, seconds, _REPORTS_PER_SECOND)


def repeat_usage(seconds: float, per_second: float) -> bool:
    """A tenant reports the same events again and again."""
    visitor = Visitor()
    headers = visitor.sign_up("enterprise")
    events = [_event("verify_events", 1, {}) for _ in range(_EVENTS_PER_REPORT)]

    def report() -> bool:
        answer = visitor.send("POST", "/usage/report", json={"events": events}, headers=headers)
        return answer.ok

    return report() and visitor.keep_up("repeat", report, seconds, per_second)


def exhaust_trial(seconds: float, per_second: float) -> bool:
    """A tenant in its trial goes on to sign when nothing is left of it."""
    visitor = Visitor()
    headers = visitor.sign_up("starter")

    def report() -> bool:
        events = [_event("sign_events", 1, {}) for _ in range(_EVENTS_PER_REPORT)]
        answer = visitor.send("POST", "/usage/report", json={"events": events}, headers=headers)
        return "TRIAL_LIMIT_EXCEEDED" in answer.text

    begun = 0
    while not report():
        begun += 1
        if begun > 2 * 200 // _EVENTS_PER_REPORT:
            raise LabError("a trial went on beyond its signs; expected TRIAL_LIMIT_EXCEEDED")
    return visitor.keep_up("exhaust", report, seconds, per_second)


def forge_webhooks(seconds: float, per_second: float) -> bool:
    """Somebody sends webhooks that Stripe did not sign."""
    visitor = Visitor()
    body = '{"id":"evt_forged","object":"event","type":"invoice.paid","data":{"object":{}}}'

    def forge() -> bool:
        headers = {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}", "Content-Type": "application/json"}
        return 400 <= visitor.send("POST", "/webhooks/stripe", data=body, headers=headers).status_code < 500

    return visitor.keep_up("forge", forge, seconds, per_second)


def guess_keys(seconds: float, per_second: float) -> bool:
    """Somebody tries API keys that nobody issued."""
    visitor = Visitor()

    def guess() -> bool:
        headers = {"Authorization": f"Bearer c2pa_{uuid.uuid4().hex}"}
        return visitor.send("GET", "/billing/invoices", headers=headers).status_code == _UNAUTHORIZED

    return visitor.keep_up("guess", guess, seconds, per_second)


def _event(event_type: str, value: int, properties: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    known = {"event_id": uuid.uuid4().hex, "event_type": event_type, "value": value, "timestamp": now}
    return {**known, "properties": dict(properties)} if properties else known


def _beats(seconds: float, per_second: float) -> Iterator[None]:
    """A beat for each moment of an even schedule; what came late is made up for."""
    start = time.monotonic()
    for number in range(round(seconds * per_second)):
        time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        if time.monotonic() - start > seconds:
            return
        yield
