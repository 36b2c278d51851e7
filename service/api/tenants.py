"""`/tenants`: become a tenant, and look at oneself."""

from datetime import UTC, datetime

from aiohttp import web

from service.api.body import read_json
from service.domain.tenant import Tenant, parse_application
from service.errors import NotFoundError
from service.parts import SIGNUP, TENANT_BOOK, TENANT_ID


async def create_tenant(request: web.Request) -> web.Response:
    application = parse_application(await read_json(request))
    tenant, key = await request.app[SIGNUP].open(application)
    body = {**_shown(tenant), "api_key": key.text}
    return web.json_response(body, status=201, headers={"Location": f"/tenants/{tenant.tenant_id}"})


async def read_tenant(request: web.Request) -> web.Response:
    tenant = await request.app[TENANT_BOOK].read(own_tenant_id(request))
    if tenant is None:
        raise NotFoundError
    return web.json_response(_shown(tenant))


def own_tenant_id(request: web.Request) -> str:
    """The tenant in the path; somebody else's is indistinguishable from a missing one."""
    if request.match_info["tenant_id"] != request[TENANT_ID]:
        raise NotFoundError
    return request[TENANT_ID]


def _shown(tenant: Tenant) -> dict[str, object]:
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "email": tenant.email,
        "plan": tenant.plan,
        "status": tenant.status,
        "created_at": datetime.fromtimestamp(tenant.created_at, UTC).isoformat().replace("+00:00", "Z"),
    }
