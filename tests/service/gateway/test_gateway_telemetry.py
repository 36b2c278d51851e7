"""What the registry lists of the way to Stripe is what the code knows."""

import pytest

from service.payments.breaker import State
from service.payments.endpoints import Endpoint
from service.payments.retry import RetryOutcome
from service.telemetry.registry import load_registry


def values(attribute_name):
    attributes = {a.name: a.values for metric in load_registry().metrics for a in metric.attributes}
    return set(attributes[attribute_name])


def test_the_registry_lists_endpoints_states_and_outcomes():
    assert values("url.template") == set(Endpoint)
    assert values("billing.stripe.breaker.state") == set(State)
    assert values("billing.stripe.retry.outcome") == set(RetryOutcome)


@pytest.mark.usefixtures("gateway")
def test_a_breaker_is_closed_from_the_start(recorder):
    assert recorder.counts("billing.stripe.breakers") == {("closed",): 1}
