"""The sandbox: every resource, wired to the others."""

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.meter_events import MeterEvents
from chaos.lab.stripe_sandbox.meters import Meters
from chaos.lab.stripe_sandbox.objects import Clock, Object
from chaos.lab.stripe_sandbox.prices import Prices
from chaos.lab.stripe_sandbox.products import Products
from chaos.lab.stripe_sandbox.subscription_items import SubscriptionItems
from chaos.lab.stripe_sandbox.subscriptions import Subscriptions
from chaos.lab.stripe_sandbox.summaries import Summaries


class Sandbox:
    """One account's state; lost when the process ends."""

    def __init__(self, clock: Clock) -> None:
        self.events = Events(clock)
        self.customers = Customers(self.events, clock)
        self.products = Products(clock)
        self.meters = Meters(clock)
        self.prices = Prices(self.products, self.meters, clock)
        items = SubscriptionItems(self.prices)
        self.subscriptions = Subscriptions(self.customers, items, self.events, clock)
        self.customers.before_delete = self.subscriptions.end_all_of
        self.meter_events = MeterEvents(self.meters, self.customers, clock)
        self.summaries = Summaries(self.meters, self.meter_events, self.customers)

    def dump(self) -> Object:
        """Everything that is kept, oldest first."""
        return {
            "customers": self.customers.kept.all(),
            "products": self.products.kept.all(),
            "prices": self.prices.kept.all(),
            "subscriptions": self.subscriptions.kept.all(),
            "meters": self.meters.kept.all(),
            "meter_events": self.meter_events.all(),
            "events": self.events.log.all(),
        }
