"""Which path leads to which resource."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.web_routedef import RouteDef

from chaos.lab.stripe_sandbox import balance
from chaos.lab.stripe_sandbox.exchange import Handler, read_tree
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.sandbox import Sandbox


def api_routes(sandbox: Sandbox) -> list[RouteDef]:
    """Stripe's endpoints."""
    customers, subscriptions = sandbox.customers, sandbox.subscriptions
    products, prices = sandbox.products, sandbox.prices
    meters, events = sandbox.meters, sandbox.events
    return [
        web.get("/v1/balance", _endpoint(balance.retrieve)),
        web.post("/v1/customers", _endpoint(customers.create)),
        web.get("/v1/customers", _endpoint(customers.index)),
        web.get("/v1/customers/{identifier}", _endpoint(customers.retrieve)),
        web.post("/v1/customers/{identifier}", _endpoint(customers.update)),
        web.delete("/v1/customers/{identifier}", _endpoint(customers.delete)),
        web.post("/v1/products", _endpoint(products.create)),
        web.get("/v1/products", _endpoint(products.index)),
        web.get("/v1/products/{identifier}", _endpoint(products.retrieve)),
        web.post("/v1/prices", _endpoint(prices.create)),
        web.get("/v1/prices", _endpoint(prices.index)),
        web.get("/v1/prices/{identifier}", _endpoint(prices.retrieve)),
        web.post("/v1/subscriptions", _endpoint(subscriptions.create)),
        web.get("/v1/subscriptions", _endpoint(subscriptions.index)),
        web.get("/v1/subscriptions/{identifier}", _endpoint(subscriptions.retrieve)),
        web.post("/v1/subscriptions/{identifier}", _endpoint(subscriptions.update)),
        web.delete("/v1/subscriptions/{identifier}", _endpoint(subscriptions.cancel)),
        web.post("/v1/billing/meters", _endpoint(meters.create)),
        web.get("/v1/billing/meters", _endpoint(meters.index)),
        web.get("/v1/billing/meters/{identifier}", _endpoint(meters.retrieve)),
        web.get("/v1/billing/meters/{identifier}/event_summaries", _endpoint(sandbox.summaries.index)),
        web.post("/v1/billing/meter_events", _endpoint(sandbox.meter_events.create)),
        web.get("/v1/events", _endpoint(events.index)),
        web.get("/v1/events/{identifier}", _endpoint(events.retrieve)),
    ]


def control_routes(sandbox: Sandbox) -> list[RouteDef]:
    """The sandbox's own endpoints, which Stripe does not have."""

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def state(_: web.Request) -> web.Response:
        return web.json_response(sandbox.dump())

    return [web.get("/_sandbox/healthy", healthy), web.get("/_sandbox/state", state)]


def _endpoint(answer: Callable[..., Object]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        params = Params(await read_tree(request))
        return web.json_response(answer(params, **request.match_info))

    return handle
