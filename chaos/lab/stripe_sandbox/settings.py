"""What a merchant sets for the whole account, and here also how exact the sandbox is about first payments."""

from dataclasses import asdict, dataclass, fields

from chaos.lab.stripe_sandbox.errors import invalid_parameter, unknown_parameter
from chaos.lab.stripe_sandbox.objects import Object

AFTER_LAST_RETRY = ("unpaid", "canceled", "past_due")
FIRST_PAYMENTS = ("lenient", "strict")


@dataclass(slots=True)
class Settings:
    """Changed while the sandbox runs.

    With `first_payment` lenient, a subscription without a trial starts as active although its customer has no
    payment method; strict refuses it, as Stripe does.
    """

    after_last_retry: str = "unpaid"
    retry_days: tuple[int, ...] = (3, 5, 7)
    first_payment: str = "lenient"
    draft_seconds: int = 3600

    def change(self, changes: Object) -> Object:
        """Take what is given, refuse what is unknown, answer all settings."""
        for name, value in changes.items():
            if name not in {field.name for field in fields(self)}:
                raise unknown_parameter(name)
            setattr(self, name, _checked(name, value))
        return asdict(self)


def _checked(name: str, value: object) -> object:
    match name, value:
        case ("after_last_retry", str()) if value in AFTER_LAST_RETRY:
            return value
        case ("first_payment", str()) if value in FIRST_PAYMENTS:
            return value
        case ("draft_seconds", int()) if value >= 0:
            return value
        case ("retry_days", list()) if all(isinstance(days, int) and days > 0 for days in value):
            return tuple(value)
    raise invalid_parameter(name, f"Invalid {name}: {value!r}")
