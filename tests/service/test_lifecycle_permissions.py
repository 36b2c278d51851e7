"""What the table of standings permits is what the API does."""

import pytest

from service.domain.lifecycle import load_lifecycle
from service.domain.lifecycle_terms import Permission
from service.ledger import keys

POSITIONS = load_lifecycle().positions
URL = "https://billing.example.com/back"


@pytest.fixture
async def service(start_service, shared_redis):
    return await start_service(shared_redis.port, PUBLIC_URL="https://billing.example.com")


async def answer(service, method, path, headers, body=None):
    async with service.http.request(method, path, headers=headers, json=body) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("position", POSITIONS.values(), ids=POSITIONS)
async def test_a_tenant_may_do_what_its_standing_permits(service, shared_redis, make_event, position):
    tenant_id, headers = await service.tenant()
    place = keys.tenant(tenant_id)
    shared_redis.client().hset(place, mapping={"status": position.status, "dunning": position.dunning})
    change = {"name": "Example", "email": "billing@example.com", "plan": "enterprise"}
    tried = {
        Permission.READ: await answer(service, "GET", f"/tenants/{tenant_id}", headers),
        Permission.REPORT_USAGE: await answer(
            service, "POST", "/usage/report", headers, {"events": [make_event("event-1")]}
        ),
        Permission.PAY: await answer(service, "POST", "/billing/portal", headers, {"return_url": URL}),
        Permission.CHANGE_PLAN: await answer(service, "PUT", f"/tenants/{tenant_id}", headers, change),
        Permission.CANCEL: await answer(service, "DELETE", f"/tenants/{tenant_id}", headers),
    }
    cancel_at = shared_redis.client().hget(place, "cancel_at")
    done = {permission for permission, (status, _) in tried.items() if status < 300}
    if not cancel_at:
        done.discard(Permission.CANCEL)  # canceling what is canceled is answered, and does nothing
    assert done == position.permits, tried
    refused = [status for permission, (status, _) in tried.items() if permission not in position.permits]
    assert {status for status in refused if status >= 300} <= {403}
