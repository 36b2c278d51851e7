"""The pages that the answers link to, and the customer's button on one of them."""

from aiohttp import web
from aiohttp.web_routedef import RouteDef

from chaos.lab.stripe_sandbox import pages
from chaos.lab.stripe_sandbox.errors import missing_parameter
from chaos.lab.stripe_sandbox.exchange import FORM, read_json
from chaos.lab.stripe_sandbox.sandbox import Sandbox


class Hosted:
    """Checkout, portal and invoices as a browser sees them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[RouteDef]:
        """Every page."""
        return [
            web.get("/_sandbox/checkout/{identifier}", self.checkout),
            web.post("/_sandbox/checkout/{identifier}/complete", self.complete),
            web.get("/_sandbox/portal/{identifier}", self.portal),
            web.get("/_sandbox/invoices/{identifier}", self.invoice),
            web.get("/_sandbox/invoices/{identifier}/pdf", self.invoice),
        ]

    async def checkout(self, request: web.Request) -> web.Response:
        session = self._sandbox.checkout.kept.get(request.match_info["identifier"])
        return _html(pages.checkout_page(session))

    async def complete(self, request: web.Request) -> web.Response:
        """Pay as the customer: JSON answers where the page would lead, a form goes there."""
        identifier = request.match_info["identifier"]
        is_form = request.content_type == FORM
        fields = dict(await request.post()) if is_form else await read_json(request)
        method = fields.get("payment_method")
        if not isinstance(method, str) or not method:
            raise missing_parameter("payment_method")
        self._sandbox.times.main.catch_up()
        url = self._sandbox.checkout.complete(identifier, method)
        if not is_form:
            return web.json_response({"url": url})
        return web.Response(status=303, headers={"Location": url}) if url else _html(pages.page("Done", ""))

    async def portal(self, request: web.Request) -> web.Response:
        session = self._sandbox.portal.sessions.get(request.match_info["identifier"])
        customer = self._sandbox.customers.living(session["customer"], "customer")
        subscriptions = self._sandbox.subscriptions.kept.of("customer", customer["id"])
        invoices = reversed(self._sandbox.invoices.kept.of("customer", customer["id"]))
        return _html(pages.portal_page(session, customer, subscriptions, invoices))

    async def invoice(self, request: web.Request) -> web.Response:
        return _html(pages.invoice_page(self._sandbox.invoices.kept.get(request.match_info["identifier"])))


def _html(document: str) -> web.Response:
    return web.Response(text=document, content_type="text/html")
