"""Holds every request to its quotas: by address before it is known whose it is, by tenant and key afterwards."""

from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from service.api.route import Route, Routes
from service.authenticator import Authenticator
from service.config import LimitsConfig
from service.domain.client_address import client_address, subscriber
from service.errors import RateLimitedError, UnauthorizedError
from service.ledger.quotas import Bucket
from service.limits.announcement import limit_headers, retry_after
from service.limits.plans import Plans
from service.limits.policy import Policy, by_address
from service.limits.rate_limiter import RateLimiter
from service.limits.triage import UNLIMITED
from service.parts import ADMISSION, CLOCK, STANDINGS, TENANT_ID

SIGNUPS = frozenset({("POST", "/tenants"), ("POST", "/signup/activate")})
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that a decision takes."""

    limiter: RateLimiter
    policy: Policy
    plans: Plans
    config: LimitsConfig

    def subscriber(self, request: web.Request) -> str:
        """What the request's limits by address count by."""
        peer = request.transport.get_extra_info("peername") if request.transport else None
        lines = request.headers.getall(self.config.proxy_header, [])
        address = client_address(peer[0] if peer else "", self.config.proxy_header, lines, self.config.trusted_proxies)
        return subscriber(address) if address else _NOBODY

    async def hold(self, request: web.Request, buckets: tuple[Bucket, ...], *, announced: bool) -> None:
        """Raises RateLimitedError; the answer says where `announced` quotas stand, and always those that refused."""
        ruling = await self.limiter.take(buckets)
        if announced or not ruling.admitted:
            request[STANDINGS] = ruling.standings
        if not ruling.admitted:
            raise RateLimitedError(retry_after(ruling.standings))


def limit_addresses(limits: Limits, authenticator: Authenticator, routes: Routes) -> Middleware:
    """Before authentication: what a key that was admitted a moment ago asks for is left to the tenant's quotas."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = routes.of(request)
        if route is not None and route.path in UNLIMITED:
            return await handler(request)
        authorization = request.headers.get(hdrs.AUTHORIZATION, "")
        if not (_is_guarded(route) and authenticator.remembers(authorization)):
            whose = limits.subscriber(request)
            await limits.hold(request, by_address(limits.policy.address, whose), announced=False)
            if route is not None and (route.method, route.path) in SIGNUPS:
                await limits.hold(request, by_address(limits.policy.signup, whose), announced=True)
        try:
            return await handler(request)
        except UnauthorizedError:
            failed = by_address(limits.policy.failed_authentication, limits.subscriber(request))
            await limits.hold(request, failed, announced=False)
            raise

    return middleware


def limit_tenants(limits: Limits) -> Middleware:
    """After authentication: the tenant's calls, and those with the key, by the tenant's plan."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if TENANT_ID in request:
            plan = await limits.plans.of(request[TENANT_ID])
            buckets = limits.policy.of_tenant(plan, request[TENANT_ID], request[ADMISSION].key_id)
            await limits.hold(request, buckets, announced=True)
        return await handler(request)

    return middleware


async def announce_limits(request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` hook: errors are answered outside of these middlewares."""
    if STANDINGS in request:
        standings = request[STANDINGS]
        response.headers.update(limit_headers(standings, request.app[CLOCK]().timestamp()))


def _is_guarded(route: Route | None) -> bool:
    return route is not None and route.scope is not None
