"""Whether an alert is pending or fires before anything was broken."""

from __future__ import annotations

from collections.abc import Collection

import requests

_SECONDS = 3.0


def active_alerts(prometheus: str) -> list[dict[str, str]]:
    """The labels of what is pending or firing in the Prometheus at a URL; raises requests.RequestException."""
    answer = requests.get(f"{prometheus}/api/v1/alerts", timeout=_SECONDS)
    answer.raise_for_status()
    return [one["labels"] for one in answer.json()["data"]["alerts"]]


def is_calm(alerts: Collection[dict[str, str]], also: Collection[str]) -> bool:
    """Nothing but tickets that the contract declares in `also`."""
    return all(one["alertname"] in also and one.get("severity") == "ticket" for one in alerts)
