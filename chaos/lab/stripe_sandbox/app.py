"""The sandbox as an aiohttp application."""

import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from chaos.lab.stripe_sandbox.exchange import name_requests
from chaos.lab.stripe_sandbox.guards import answer_refusals, authenticate
from chaos.lab.stripe_sandbox.idempotency import idempotency
from chaos.lab.stripe_sandbox.objects import Clock
from chaos.lab.stripe_sandbox.routes import api_routes, control_routes
from chaos.lab.stripe_sandbox.sandbox import Sandbox
from chaos.lab.stripe_sandbox.webhooks import FIRST_PAUSE_SECONDS, TIMEOUT_SECONDS, Deliveries, Endpoint


def build_app(
    endpoint: Endpoint | None = None,
    clock: Clock = time.time,
    first_pause_seconds: float = FIRST_PAUSE_SECONDS,
) -> web.Application:
    """An account of its own; with an `endpoint`, its events are posted there."""
    sandbox = Sandbox(clock)
    app = web.Application(middlewares=[name_requests, answer_refusals, authenticate, idempotency(clock)])
    app.add_routes([*api_routes(sandbox), *control_routes(sandbox)])

    async def deliver(_: web.Application) -> AsyncIterator[None]:
        if endpoint is None:
            yield
            return
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            deliveries = Deliveries(endpoint, session, clock, first_pause_seconds)
            sandbox.events.listener = deliveries.send
            yield
            await deliveries.close()

    app.cleanup_ctx.append(deliver)
    return app
