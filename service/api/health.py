"""`/health`: whether the service and everything it depends on works. `/ready`: whether it should get requests."""

from aiohttp import web

from service.api.route import Answer, Route
from service.domain.schema import Choice, Flag, Instant, Members, Record, Text
from service.parts import CHECKS, CLOCK, DRAINING, VERSION, VOLATILE_REDIS

HEALTH = Record(
    {
        "status": Choice(["healthy", "unhealthy"]),
        "checks": Members(Flag(), about="What the service depends on, each judged by a real operation."),
        "timestamp": Instant(),
        "version": Text(64, ours=True),
        "volatile_redis": Flag(about="The service was told to work with a Redis that may lose what it acknowledged."),
    },
    name="Health",
)
READINESS = Record(
    {
        "status": Choice(["ready", "not_ready"]),
        "ledger": Flag(about="The ledger answers."),
        "draining": Flag(about="The process was told to stop and finishes what it has begun."),
    },
    name="Readiness",
)


async def read_health(request: web.Request) -> web.Response:
    checks = await request.app[CHECKS].run()
    healthy = all(checks.values())
    body = {
        "status": "healthy" if healthy else "unhealthy",
        "checks": checks,
        "timestamp": request.app[CLOCK]().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "version": request.app[VERSION],
        "volatile_redis": request.app[VOLATILE_REDIS],
    }
    return web.json_response(body, status=200 if healthy else 503)


async def read_readiness(request: web.Request) -> web.Response:
    ledger, draining = await request.app[CHECKS].passes("redis"), request.app[DRAINING].is_set()
    ready = ledger and not draining
    body = {"status": "ready" if ready else "not_ready", "ledger": ledger, "draining": draining}
    return web.json_response(body, status=200 if ready else 503)


ROUTES = (
    Route(
        "GET",
        "/health",
        read_health,
        scope=None,
        tag="Service",
        summary="Is everything that the service depends on working?",
        answers=(Answer(200, "Everything works.", HEALTH), Answer(503, "Something does not.", HEALTH)),
    ),
    Route(
        "GET",
        "/ready",
        read_readiness,
        scope=None,
        tag="Service",
        summary="Should this process get requests?",
        answers=(Answer(200, "It should.", READINESS), Answer(503, "It should not.", READINESS)),
    ),
)
