"""Which path leads to which resource."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.web_routedef import RouteDef

from chaos.lab.stripe_sandbox import balance
from chaos.lab.stripe_sandbox.exchange import Handler, read_tree
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.sandbox import Sandbox

Answer = Callable[..., Object]


def api_routes(sandbox: Sandbox) -> list[RouteDef]:
    """Stripe's endpoints."""
    tables = (_catalogue(sandbox), _customers(sandbox), _billing(sandbox), _meters(sandbox), _hosted(sandbox))
    routes = [
        web.route(method, path, _endpoint(sandbox, answer))
        for table in tables
        for (method, path), answer in table.items()
    ]
    return [*routes, web.post("/v2/billing/meter_event_stream", _stream(sandbox))]


def _catalogue(sandbox: Sandbox) -> dict[tuple[str, str], Answer]:
    products, prices, events = sandbox.products, sandbox.prices, sandbox.events
    return {
        ("GET", "/v1/balance"): balance.retrieve,
        ("POST", "/v1/products"): products.create,
        ("GET", "/v1/products"): products.index,
        ("GET", "/v1/products/{identifier}"): products.retrieve,
        ("POST", "/v1/products/{identifier}"): products.update,
        ("POST", "/v1/prices"): prices.create,
        ("GET", "/v1/prices"): prices.index,
        ("GET", "/v1/prices/{identifier}"): prices.retrieve,
        ("POST", "/v1/prices/{identifier}"): prices.update,
        ("GET", "/v1/events"): events.index,
        ("GET", "/v1/events/{identifier}"): events.retrieve,
        ("GET", "/v2/core/events/{identifier}"): sandbox.thin_events.retrieve,
    }


def _customers(sandbox: Sandbox) -> dict[tuple[str, str], Answer]:
    customers, methods, charges = sandbox.customers, sandbox.methods, sandbox.charges
    clocks = sandbox.test_clocks
    return {
        ("POST", "/v1/customers"): customers.create,
        ("GET", "/v1/customers"): customers.index,
        ("GET", "/v1/customers/{identifier}"): customers.retrieve,
        ("POST", "/v1/customers/{identifier}"): customers.update,
        ("DELETE", "/v1/customers/{identifier}"): customers.delete,
        ("GET", "/v1/customers/{identifier}/payment_methods"): methods.index_of,
        ("POST", "/v1/payment_methods"): methods.create,
        ("GET", "/v1/payment_methods"): methods.index,
        ("GET", "/v1/payment_methods/{identifier}"): methods.retrieve,
        ("POST", "/v1/payment_methods/{identifier}"): methods.update,
        ("POST", "/v1/payment_methods/{identifier}/attach"): methods.attach,
        ("POST", "/v1/payment_methods/{identifier}/detach"): methods.detach,
        ("GET", "/v1/charges"): charges.index,
        ("GET", "/v1/charges/{identifier}"): charges.retrieve,
        ("GET", "/v1/payment_intents"): charges.index_intents,
        ("GET", "/v1/payment_intents/{identifier}"): charges.retrieve_intent,
        ("POST", "/v1/test_helpers/test_clocks"): clocks.create,
        ("GET", "/v1/test_helpers/test_clocks"): clocks.index,
        ("GET", "/v1/test_helpers/test_clocks/{identifier}"): clocks.retrieve,
        ("POST", "/v1/test_helpers/test_clocks/{identifier}/advance"): clocks.advance,
        ("DELETE", "/v1/test_helpers/test_clocks/{identifier}"): clocks.delete,
    }


def _billing(sandbox: Sandbox) -> dict[tuple[str, str], Answer]:
    subscriptions, invoices = sandbox.subscriptions, sandbox.invoice_endpoints
    items = sandbox.invoice_items
    return {
        ("POST", "/v1/subscriptions"): subscriptions.create,
        ("GET", "/v1/subscriptions"): subscriptions.index,
        ("GET", "/v1/subscriptions/{identifier}"): subscriptions.retrieve,
        ("POST", "/v1/subscriptions/{identifier}"): subscriptions.update,
        ("DELETE", "/v1/subscriptions/{identifier}"): subscriptions.cancel,
        ("POST", "/v1/subscriptions/{identifier}/resume"): subscriptions.resume,
        ("POST", "/v1/invoices/create_preview"): sandbox.previews.create,
        ("POST", "/v1/invoices"): invoices.create,
        ("GET", "/v1/invoices"): invoices.index,
        ("GET", "/v1/invoices/{identifier}"): invoices.retrieve,
        ("POST", "/v1/invoices/{identifier}"): invoices.update,
        ("DELETE", "/v1/invoices/{identifier}"): invoices.delete,
        ("GET", "/v1/invoices/{identifier}/lines"): invoices.lines,
        ("POST", "/v1/invoices/{identifier}/finalize"): invoices.finalize,
        ("POST", "/v1/invoices/{identifier}/pay"): invoices.pay,
        ("POST", "/v1/invoices/{identifier}/void"): invoices.void,
        ("POST", "/v1/invoices/{identifier}/mark_uncollectible"): invoices.mark_uncollectible,
        ("POST", "/v1/invoiceitems"): items.create,
        ("GET", "/v1/invoiceitems"): items.index,
        ("GET", "/v1/invoiceitems/{identifier}"): items.retrieve,
        ("DELETE", "/v1/invoiceitems/{identifier}"): items.delete,
    }


def _meters(sandbox: Sandbox) -> dict[tuple[str, str], Answer]:
    meters = sandbox.meters
    return {
        ("POST", "/v1/billing/meters"): meters.create,
        ("GET", "/v1/billing/meters"): meters.index,
        ("GET", "/v1/billing/meters/{identifier}"): meters.retrieve,
        ("POST", "/v1/billing/meters/{identifier}"): meters.update,
        ("POST", "/v1/billing/meters/{identifier}/deactivate"): meters.deactivate,
        ("POST", "/v1/billing/meters/{identifier}/reactivate"): meters.reactivate,
        ("GET", "/v1/billing/meters/{identifier}/event_summaries"): sandbox.summaries.index,
        ("POST", "/v1/billing/meter_events"): sandbox.meter_events.create,
        ("POST", "/v1/billing/meter_event_adjustments"): sandbox.meter_events.adjust,
        ("POST", "/v2/billing/meter_event_session"): sandbox.meter_streams.open,
    }


def _hosted(sandbox: Sandbox) -> dict[tuple[str, str], Answer]:
    checkout, portal = sandbox.checkout, sandbox.portal
    return {
        ("POST", "/v1/checkout/sessions"): checkout.create,
        ("GET", "/v1/checkout/sessions"): checkout.index,
        ("GET", "/v1/checkout/sessions/{identifier}"): checkout.retrieve,
        ("POST", "/v1/checkout/sessions/{identifier}/expire"): checkout.expire,
        ("GET", "/v1/checkout/sessions/{identifier}/line_items"): checkout.line_items,
        ("GET", "/v1/setup_intents/{identifier}"): checkout.retrieve_setup_intent,
        ("POST", "/v1/billing_portal/configurations"): portal.configure,
        ("GET", "/v1/billing_portal/configurations"): portal.index_configurations,
        ("GET", "/v1/billing_portal/configurations/{identifier}"): portal.retrieve_configuration,
        ("POST", "/v1/billing_portal/sessions"): portal.open,
    }


def _endpoint(sandbox: Sandbox, answer: Answer) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        params = Params(await read_tree(request))
        paths = params.list_of_texts("expand")
        params.tree.pop("expand", None)
        sandbox.times.main.catch_up()
        return web.json_response(sandbox.expansion.apply(answer(params, **request.match_info), paths))

    return handle


def _stream(sandbox: Sandbox) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        sandbox.meter_streams.admit(request.headers.get("Authorization", "").removeprefix("Bearer "))
        sandbox.times.main.catch_up()
        return web.json_response(sandbox.meter_streams.create(Params(await read_tree(request))))

    return handle
