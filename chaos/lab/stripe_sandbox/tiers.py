"""Reading the tiers of a price, as parameters and as the objects that Stripe shows when they are expanded."""

from decimal import Decimal, InvalidOperation

from chaos.lab.stripe_sandbox.errors import invalid_parameter, missing_parameter
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params
from chaos.lab.stripe_sandbox.rating import ZERO, Tier


def read_tiers(params: list[Params]) -> list[Tier]:
    """The tiers in rising order, the last without a bound."""
    if not params:
        raise missing_parameter("tiers")
    if params[-1].text("up_to") != "inf":
        raise invalid_parameter("tiers", "The last tier must have up_to set to 'inf'.")
    tiers = [_tier(tier, last=tier is params[-1]) for tier in params]
    bounds = [tier.up_to for tier in tiers if tier.up_to is not None]
    if bounds != sorted(set(bounds)) or any(bound < 1 for bound in bounds):
        raise invalid_parameter("tiers", "Tiers must have rising values of up_to, from 1.")
    return tiers


def shown(tiers: list[Tier]) -> list[Object]:
    """The tiers as a price carries them."""
    return [
        {
            "flat_amount": whole(tier.flat_cents) if tier.flat_cents else None,
            "flat_amount_decimal": plain(tier.flat_cents) if tier.flat_cents else None,
            "unit_amount": whole(tier.unit_cents),
            "unit_amount_decimal": plain(tier.unit_cents),
            "up_to": tier.up_to,
        }
        for tier in tiers
    ]


def read_cents(params: Params, name: str) -> Decimal | None:
    """An amount given as whole cents (`name`) or as a decimal (`name_decimal`), not below 0."""
    whole_cents, text = params.integer(name), params.text(f"{name}_decimal")
    if text is None:
        cents = None if whole_cents is None else Decimal(whole_cents)
    elif whole_cents is not None:
        raise invalid_parameter(name, f"You may only specify one of these parameters: {name}, {name}_decimal.")
    else:
        cents = _decimal(text, f"{name}_decimal")
    if cents is not None and cents < 0:
        raise invalid_parameter(name, "Invalid non-negative amount.")
    return cents


def whole(cents: Decimal) -> int | None:
    """The amount as whole cents, unless it has a fraction."""
    return int(cents) if cents == int(cents) else None


def plain(cents: Decimal) -> str:
    """The amount without exponent or trailing zeros."""
    return f"{cents.normalize():f}"


def _tier(params: Params, last: bool) -> Tier:
    params.accept("flat_amount", "flat_amount_decimal", "unit_amount", "unit_amount_decimal", "up_to")
    params.required_text("up_to")
    up_to = None if last else params.required_integer("up_to")
    unit, flat = read_cents(params, "unit_amount"), read_cents(params, "flat_amount")
    if unit is None and flat is None:
        raise missing_parameter("tiers[unit_amount]")
    return Tier(up_to, unit or ZERO, flat or ZERO)


def _decimal(text: str, name: str) -> Decimal:
    try:
        cents = Decimal(text)
    except InvalidOperation as error:
        raise invalid_parameter(name, f"Invalid decimal: {text}") from error
    if not cents.is_finite():
        raise invalid_parameter(name, f"Invalid decimal: {text}")
    return cents
