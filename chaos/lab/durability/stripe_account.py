"""Stripe's side, read and moved through the stand-in's own controls, without any code of the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp

from chaos.errors import LabError

Pair = tuple[str, str]
"""A tenant id and an event type."""

_SECONDS = 30.0
_METER_PREFIX = "c2pa_"
_CARD = {"type": "card", "card[token]": "tok_visa"}


class StripeAccount:
    """What Stripe holds, and the faults that it may be given."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {secret_key}"}

    async def billed(self) -> Counter[Pair]:
        """The sum of all meter events by tenant and event type."""
        state = await self.state()
        tenants = {one["id"]: one["metadata"].get("tenant_id", one["id"]) for one in state["customers"]}
        billed: Counter[Pair] = Counter()
        for event in state["meter_events"]:
            payload = event["payload"]
            event_type = event["event_name"].removeprefix(_METER_PREFIX)
            billed[tenants[payload["stripe_customer_id"]], event_type] += int(payload["value"])
        return billed

    async def give_cards(self) -> None:
        """A card that pays for every customer, so that nobody is suspended when the trial ends."""
        for customer in (await self.state())["customers"]:
            method = await self._post("/v1/payment_methods", data=_CARD)
            name = method["id"]
            await self._post(f"/v1/payment_methods/{name}/attach", data={"customer": customer["id"]})
            default = {"invoice_settings[default_payment_method]": name}
            await self._post(f"/v1/customers/{customer['id']}", data=default)

    async def travel(self, seconds: float) -> None:
        """Move Stripe's time forward and wait until all webhooks of what became due are delivered."""
        await self._post("/_sandbox/clock", json={"advance_seconds": seconds})
        await self._post("/_sandbox/webhooks/flush", json={})

    async def spoil(self, fault: Mapping[str, object]) -> None:
        """Set a fault, which ends by itself."""
        await self._post("/_sandbox/faults", json=fault)

    async def heal(self) -> None:
        """Take all faults back."""
        await self._exchange("DELETE", "/_sandbox/faults")

    async def state(self) -> Any:
        """Everything that Stripe holds."""
        return await self._exchange("GET", "/_sandbox/state")

    async def _post(self, path: str, **content: Any) -> Any:
        return await self._exchange("POST", path, **content)

    async def _exchange(self, method: str, path: str, **content: Any) -> Any:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with (
            aiohttp.ClientSession(self._url, timeout=timeout, headers=self._headers) as session,
            session.request(method, path, **content) as response,
        ):
            if response.status != 200:
                raise LabError(f"{method} {path} was answered {response.status}: {await response.text()}")
            return await response.json()
