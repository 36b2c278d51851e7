"""Test cards: the ids and tokens by which Stripe's documentation names them, and what each one does."""

from dataclasses import dataclass

DECLINED = "Your card was declined."


@dataclass(frozen=True, slots=True)
class Card:
    """A card; with a `decline_code`, charges fail, and with `refuses_attach`, it cannot be kept at all."""

    brand: str
    last4: str
    decline_code: str | None = None
    refuses_attach: bool = False


VISA = Card("visa", "4242")
CARDS = {
    "visa": VISA,
    "visa_debit": Card("visa", "5556"),
    "mastercard": Card("mastercard", "4444"),
    "amex": Card("amex", "8431"),
    "chargeCustomerFail": Card("visa", "0341", "generic_decline"),
    "chargeDeclined": Card("visa", "0002", "generic_decline", refuses_attach=True),
    "chargeDeclinedInsufficientFunds": Card("visa", "9995", "insufficient_funds"),
}
NUMBERS = {
    "4242424242424242": VISA,
    "5555555555554444": CARDS["mastercard"],
    "4000000000000341": CARDS["chargeCustomerFail"],
    "4000000000000002": CARDS["chargeDeclined"],
    "4000000000009995": CARDS["chargeDeclinedInsufficientFunds"],
}


def by_name(identifier: str) -> Card | None:
    """The card of `pm_card_visa`, `tok_visa` and their like."""
    for prefix in ("pm_card_", "tok_"):
        if identifier.startswith(prefix):
            return CARDS.get(identifier.removeprefix(prefix))
    return None
