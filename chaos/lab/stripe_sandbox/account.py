"""What nearly every part of the sandbox needs."""

from dataclasses import dataclass

from chaos.lab.stripe_sandbox.customers import Customers
from chaos.lab.stripe_sandbox.events import Events
from chaos.lab.stripe_sandbox.settings import Settings
from chaos.lab.stripe_sandbox.timeline import Times


@dataclass(frozen=True, slots=True)
class Account:
    """One account's time, events, customers and settings."""

    times: Times
    events: Events
    customers: Customers
    settings: Settings
