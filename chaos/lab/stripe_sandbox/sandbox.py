"""The sandbox: every resource, wired to the others."""

from chaos.lab.stripe_sandbox.account import Account
from chaos.lab.stripe_sandbox.billing import Billing
from chaos.lab.stripe_sandbox.charges import Charges
from chaos.lab.stripe_sandbox.checkout import Checkout
from chaos.lab.stripe_sandbox.clocks import TestClocks
from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.dunning import Dunning
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.expansion import Expansion
from chaos.lab.stripe_sandbox.first_payment import FirstPayment
from chaos.lab.stripe_sandbox.invoice_endpoints import InvoiceEndpoints
from chaos.lab.stripe_sandbox.invoice_items import InvoiceItems
from chaos.lab.stripe_sandbox.invoices import Invoices
from chaos.lab.stripe_sandbox.lifecycle import Lifecycle
from chaos.lab.stripe_sandbox.meter_events import MeterEvents
from chaos.lab.stripe_sandbox.meter_streams import MeterStreams
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Clock, Collection, Object
from chaos.lab.stripe_sandbox.payment_methods import PaymentMethods
from chaos.lab.stripe_sandbox.portal import Portal
from chaos.lab.stripe_sandbox.previews import Previews
from chaos.lab.stripe_sandbox.prices import Prices
from chaos.lab.stripe_sandbox.products import Products
from chaos.lab.stripe_sandbox.settings import Settings
from chaos.lab.stripe_sandbox.subscription_invoicing import SubscriptionInvoicing
from chaos.lab.stripe_sandbox.subscription_items import SubscriptionItems
from chaos.lab.stripe_sandbox.subscriptions import Subscriptions
from chaos.lab.stripe_sandbox.summaries import Summaries
from chaos.lab.stripe_sandbox.thin_events import ThinEvents
from chaos.lab.stripe_sandbox.timeline import Times
from chaos.lab.stripe_sandbox.usage import Usage


class Sandbox:
    """One account's state; lost when the process ends."""

    def __init__(self, clock: Clock) -> None:
        self.times = Times(clock)
        self.events = Events(self.times)
        self.thin_events = ThinEvents(self.times)
        self.test_clocks = TestClocks(self.times, self.events)
        self.customers = Customers(self.events, self.times)
        self.account = Account(self.times, self.events, self.customers, Settings())
        self.products = Products(self.times.main)
        self.meters = Meters(self.times.main)
        self.prices = Prices(self.products, self.meters, self.times.main)
        self._wire_usage()
        self._wire_payments()
        self._wire_subscriptions()
        self.checkout = Checkout(self.account, self.methods, self.prices, self.subscriptions)
        self.portal = Portal(self.account)
        self.expansion = self._expansion()

    def dump(self) -> Object:
        """Everything that is kept, oldest first."""
        return {
            "customers": self.customers.kept.all(),
            "products": self.products.kept.all(),
            "prices": self.prices.kept.all(),
            "payment_methods": self.methods.kept.all(),
            "subscriptions": self.subscriptions.kept.all(),
            "invoices": self.invoices.kept.all(),
            "charges": self.charges.kept.all(),
            "meters": self.meters.kept.all(),
            "meter_events": self.meter_events.all(),
            "events": self.events.log.all(),
        }

    def _wire_usage(self) -> None:
        self.usage = Usage()
        self.meter_events = MeterEvents(self.meters, self.usage, self.customers, self.times)
        self.meter_streams = MeterStreams(self.meters, self.meter_events, self.thin_events, self.times)
        self.summaries = Summaries(self.meters, self.usage, self.customers)
        self.billing = Billing(self.prices, self.meters, self.usage)

    def _wire_payments(self) -> None:
        self.methods = PaymentMethods(self.customers, self.events, self.times)
        self.customers.give_method = self.methods.give
        self.customers.owned_method = self.methods.owned
        self.charges = Charges(self.events, self.times)
        self.invoice_items = InvoiceItems(self.customers, self.times)
        self.invoices = Invoices(self.customers, self.events, self.times)
        self.dunning = Dunning(self.account, self.invoices, self.methods, self.charges)
        self.invoice_endpoints = InvoiceEndpoints(self.account, self.invoices, self.invoice_items, self.dunning)

    def _wire_subscriptions(self) -> None:
        kept = Collection("subscription", indexed=("customer",))
        items = SubscriptionItems(self.prices)
        invoicing = SubscriptionInvoicing(self.account, self.billing, self.invoices, self.invoice_items, self.dunning)
        first = FirstPayment(invoicing, self.invoices, self.dunning, self.methods, self.account.settings)
        lifecycle = Lifecycle(self.account, kept, invoicing)
        self.dunning.on_paid, self.dunning.on_failed = lifecycle.invoice_paid, lifecycle.invoice_failed
        self.subscriptions = Subscriptions(self.account, kept, items, self.methods, invoicing, first, lifecycle)
        self.customers.before_delete = self.subscriptions.end_all_of
        self.test_clocks.before_delete = self._end_customers_of
        self.previews = Previews(self.account, kept, items, self.invoice_items, self.billing)

    def _end_customers_of(self, clock_id: str) -> None:
        for customer in self.customers.kept.of("test_clock", clock_id):
            self.customers.end(customer)

    def _expansion(self) -> Expansion:
        find = {
            "cus": self.customers.kept.get,
            "prod": self.products.kept.get,
            "price": self.prices.kept.get,
            "pm": self.methods.kept.get,
            "sub": self.subscriptions.kept.get,
            "in": self.invoices.kept.get,
            "ch": self.charges.kept.get,
            "pi": self.charges.intents.get,
            "seti": self.checkout.setup_intents.get,
            "bpc": self.portal.configurations.get,
            "clock": self.test_clocks.kept.get,
        }
        attached = {
            ("price", "tiers"): self.prices.tiers,
            ("customer", "subscriptions"): self._subscriptions_of,
            ("invoice", "payments"): self.dunning.payments_of,
            ("checkout.session", "line_items"): self.checkout.line_items_of,
        }
        return Expansion(find, attached)

    def _subscriptions_of(self, customer: Object) -> Object:
        rows = self.subscriptions.kept.of("customer", customer["id"])
        url = f"/v1/customers/{customer['id']}/subscriptions"
        return {"object": "list", "url": url, "has_more": False, "data": rows}
