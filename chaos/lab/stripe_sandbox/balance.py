"""The account's balance: empty, but there; services ask for it to see whether Stripe answers."""

from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.params import Params


def retrieve(params: Params) -> Object:
    """GET /v1/balance"""
    params.accept()
    nothing = {"amount": 0, "currency": "usd", "source_types": {"card": 0}}
    return {"object": "balance", "available": [nothing], "pending": [nothing], "livemode": False}
