"""A stateful stand-in for Stripe's API: same requests, same shapes, state in memory, no money.

Besides Stripe's endpoints it has controls under /_sandbox/, which move time, spoil requests and shuffle webhooks;
`controls` lists them, docs/stripe-sandbox.md explains them.
"""
