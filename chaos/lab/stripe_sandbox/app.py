"""The sandbox as an aiohttp application."""

import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from chaos.lab.stripe_sandbox.controls import DELIVERIES, Controls
from chaos.lab.stripe_sandbox.exchange import name_requests
from chaos.lab.stripe_sandbox.faults import Faults
from chaos.lab.stripe_sandbox.guards import answer_refusals, authenticate
from chaos.lab.stripe_sandbox.hosted import Hosted
from chaos.lab.stripe_sandbox.idempotency import idempotency
from chaos.lab.stripe_sandbox.limits import Limits
from chaos.lab.stripe_sandbox.objects import Clock
from chaos.lab.stripe_sandbox.routes import api_routes
from chaos.lab.stripe_sandbox.sandbox import Sandbox
from chaos.lab.stripe_sandbox.webhooks import FIRST_PAUSE_SECONDS, TIMEOUT_SECONDS, Deliveries, Endpoint


def build_app(
    endpoint: Endpoint | None = None,
    clock: Clock = time.time,
    first_pause_seconds: float = FIRST_PAUSE_SECONDS,
) -> web.Application:
    """An account of its own; with an `endpoint`, its events are posted there."""
    sandbox, faults = Sandbox(clock), Faults()
    limits = Limits(sandbox.meters)
    controls = Controls(sandbox, faults, limits)
    guards = [name_requests, answer_refusals, faults.spoil, limits.hold_back, authenticate, idempotency(clock)]
    app = web.Application(middlewares=guards)
    app.add_routes([*api_routes(sandbox), *controls.routes(), *Hosted(sandbox).routes()])

    async def deliver(app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            deliveries = app[DELIVERIES] = Deliveries(session, clock, first_pause_seconds)
            if endpoint is not None:
                controls.connect(deliveries, endpoint)
            yield
            await deliveries.close()

    app.cleanup_ctx.append(deliver)
    return app
