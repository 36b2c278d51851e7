"""The bench's tenants: signed up as anybody is, with a trial that is over before the load begins."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import aiohttp

from chaos.errors import LabError
from chaos.lab.durability.world import World

TRAVEL_SECONDS = 17 * 86400.0
"""Past the 14 days of the trial, which end on a full hour, by more than any event of the load is late."""
_READY_SECONDS = 60.0
_PACE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who reports usage."""

    tenant_id: str
    api_key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}


async def open_tenants(world: World, count: int) -> list[Tenant]:
    """Paying tenants, with the world's clocks moved past their trial; LabError if one does not become active."""
    async with aiohttp.ClientSession(world.base_url, timeout=aiohttp.ClientTimeout(total=_READY_SECONDS)) as session:
        tenants = [await sign_up(session, number) for number in range(count)]
        await world.stripe.give_cards()
        await world.travel(TRAVEL_SECONDS)
        end = time.monotonic() + _READY_SECONDS
        for tenant in tenants:
            await _await_active(session, tenant, end)
    return tenants


async def sign_up(session: aiohttp.ClientSession, number: int) -> Tenant:
    """A new tenant, in its trial; LabError if it is refused."""
    form = {"name": f"Bench {number}", "email": f"bench-{number}@example.com", "plan": "enterprise"}
    async with session.post("/tenants", json=form) as response:
        answer = await response.json()
        if response.status != 201:
            raise LabError(f"POST /tenants was answered {response.status}: {answer}; expected a new tenant")
    return Tenant(answer["tenant_id"], answer["api_key"])


async def _await_active(session: aiohttp.ClientSession, tenant: Tenant, end: float) -> None:
    """The webhooks of the trial's end have to go through the queue and a worker."""
    while True:
        async with session.get(f"/tenants/{tenant.tenant_id}", headers=tenant.headers) as response:
            answer = await response.json()
        if answer.get("status") == "active":
            return
        if time.monotonic() > end:
            raise LabError(f"the tenant {tenant.tenant_id} did not become active in {_READY_SECONDS:g} s: {answer}")
        await asyncio.sleep(_PACE_SECONDS)
