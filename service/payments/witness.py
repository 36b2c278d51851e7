"""What is counted of the way to Stripe."""

from stripe import StripeResponse

from service.payments.breaker import State
from service.payments.endpoints import Endpoint
from service.payments.retry import RetryOutcome
from service.telemetry.instruments import Instruments

_STATE = "billing.stripe.breaker.state"


class Witness:
    """Counts retries, replays and what the circuit breaker does."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        instruments.stripe_breakers.add(1, {_STATE: State.CLOSED})

    def answered(self, endpoint: Endpoint, response: StripeResponse | None) -> None:
        """Note an answer that Stripe gave from its memory, because the idempotency key had been used before."""
        if response is not None and response.headers.get("Idempotent-Replayed") == "true":
            self._instruments.stripe_replays.add(1, {"url.template": endpoint})

    def retry_wanted(self, endpoint: Endpoint, affords: bool) -> None:
        """Note a retry, or that the budget did not afford it."""
        outcome = RetryOutcome.MADE if affords else RetryOutcome.DENIED
        self._instruments.stripe_retries.add(1, {"url.template": endpoint, "billing.stripe.retry.outcome": outcome})

    def breaker_changed(self, before: State, after: State) -> None:
        """Note the breaker's new state."""
        self._instruments.stripe_breakers.add(-1, {_STATE: before})
        self._instruments.stripe_breakers.add(1, {_STATE: after})
        if before is State.CLOSED:
            self._instruments.stripe_breaker_openings.add(1)
