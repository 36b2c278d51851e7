"""`/health`: whether the service and everything it depends on works."""

from aiohttp import web

from service.parts import CHECKS, CLOCK, VERSION


async def read_health(request: web.Request) -> web.Response:
    checks = await request.app[CHECKS].run()
    healthy = all(checks.values())
    body = {
        "status": "healthy" if healthy else "unhealthy",
        "checks": checks,
        "timestamp": request.app[CLOCK]().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "version": request.app[VERSION],
    }
    return web.json_response(body, status=200 if healthy else 503)
