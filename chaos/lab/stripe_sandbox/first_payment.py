"""The first invoice of a subscription, and whether it may begin."""

from chaos.lab.stripe_sandbox.dunning import Dunning, no_method
from chaos.lab.stripe_sandbox.invoices import Invoices
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.payment_methods import PaymentMethods, declined
from chaos.lab.stripe_sandbox.settings import Settings
from chaos.lab.stripe_sandbox.subscription_invoicing import SubscriptionInvoicing


class FirstPayment:
    """Asks for the money of what begins at once."""

    def __init__(
        self,
        invoicing: SubscriptionInvoicing,
        invoices: Invoices,
        dunning: Dunning,
        methods: PaymentMethods,
        settings: Settings,
    ) -> None:
        self._invoicing = invoicing
        self._invoices = invoices
        self._dunning = dunning
        self._methods = methods
        self._settings = settings

    def take(self, subscription: Object, behavior: str | None, prorate: bool) -> None:
        """Make the invoice and charge it; a subscription whose first payment fails is incomplete.

        Raises RefusedError if nothing can be charged, or the card declines and `behavior` says that this is an error.
        """
        charged_now = subscription["status"] != "trialing" and subscription["collection_method"] != "send_invoice"
        payable = self._invoicing.has_method(subscription)
        if (
            charged_now
            and not payable
            and behavior != "default_incomplete"
            and self._settings.first_payment == "strict"
        ):
            raise no_method()
        invoice = self._invoicing.first(subscription, prorate)
        if invoice["status"] == "paid" or not charged_now:
            return
        if behavior == "default_incomplete":
            subscription["status"] = "incomplete"
        elif payable:
            self._charge(subscription, invoice, behavior)

    def _charge(self, subscription: Object, invoice: Object, behavior: str | None) -> None:
        subscription["status"] = "incomplete"
        refused = self._dunning.charge(invoice)
        if refused is None:
            subscription["status"] = "active"
            return
        invoice["next_payment_attempt"] = None
        if behavior == "error_if_incomplete":
            self._invoices.void(invoice)
            raise declined(self._methods.card_of(refused["id"]))
