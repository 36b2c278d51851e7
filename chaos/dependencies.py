"""Chaos Toolkit actions and probes for what the service depends on: a slow way to Redis, a Stripe that fails.

A toxic has its undo in the ledger of rollbacks; a fault of the Stripe sandbox ends by itself, and with it its undo.
"""

from __future__ import annotations

import asyncio
import time
import uuid

import requests

from chaos import rollback_ledger
from chaos.lab.readiness import redis_client
from chaos.lab.state import LabState, read_state
from chaos.run_folder import RunFolder

_SECONDS = 10.0
_KEY = {"Authorization": "Bearer sk_test_probe"}


def slow_down(proxy: str, latency_ms: int, at_most_seconds: float) -> bool:
    """Delay every answer that comes through a proxy of Toxiproxy; raises requests' errors if it refuses."""
    folder, lab = _lab()
    toxic = f"{lab.urls['toxiproxy']}/proxies/{proxy}/toxics"
    name = f"slow-{uuid.uuid4().hex[:8]}"
    entry = rollback_ledger.Entry(uuid.uuid4().hex, 0, 0.0, time.time() + at_most_seconds, f"{toxic}/{name}")
    rollback_ledger.enter(folder.rollbacks, entry)
    before = time.time()
    document = {"name": name, "type": "latency", "stream": "downstream", "attributes": {"latency": latency_ms}}
    requests.post(toxic, json=document, timeout=_SECONDS).raise_for_status()
    folder.record("fault_injected", before, error_bar_seconds=time.time() - before, fault="slow", program=proxy)
    return True


def redis_is_slow(at_least_seconds: float) -> bool:
    """A PING through the service's own way to Redis takes so long."""
    folder, lab = _lab()
    took = asyncio.run(_ping_seconds(lab))
    if took >= at_least_seconds:
        folder.record("effect_confirmed", time.time() - took, error_bar_seconds=took, probe="redis_is_slow")
    return took >= at_least_seconds


async def _ping_seconds(lab: LabState) -> float:
    client = redis_client(lab.ports["redis_proxy"], lab.redis_password, _SECONDS)
    try:
        await client.ping()  # the connection, which takes its own time
        before = time.monotonic()
        await client.ping()
        return time.monotonic() - before
    finally:
        await client.aclose()


def spoil_stripe(seconds: float, status: int | None = None, latency_seconds: float = 0.0) -> bool:
    """Have the Stripe sandbox answer every call with a status, or late."""
    folder, lab = _lab()
    fault = {"status": status, "latency_seconds": latency_seconds, "seconds": seconds}
    before = time.time()
    requests.post(f"{lab.urls['stripe']}/_sandbox/faults", json=fault, timeout=_SECONDS).raise_for_status()
    folder.record("fault_injected", before, error_bar_seconds=time.time() - before, fault="spoil", program="stripe")
    return True


def stripe_answers(status: int, at_least_seconds: float = 0.0) -> bool:
    """A call of our own to Stripe is answered with this status, and as late as that."""
    folder, lab = _lab()
    before = time.time()
    answer = requests.get(f"{lab.urls['stripe']}/v1/balance", headers=_KEY, timeout=_SECONDS)
    took = time.time() - before
    seen = answer.status_code == status and took >= at_least_seconds
    if seen:
        folder.record("effect_confirmed", before, error_bar_seconds=took, probe="stripe_answers")
    return seen


def heal_stripe() -> bool:
    """Take all faults of the Stripe sandbox back."""
    _, lab = _lab()
    requests.delete(f"{lab.urls['stripe']}/_sandbox/faults", timeout=_SECONDS).raise_for_status()
    return True


def _lab() -> tuple[RunFolder, LabState]:
    folder = RunFolder.from_environment()
    return folder, read_state(folder.lab)
