"""Secrets and certificates of the deployment; `python -m deploy` makes them."""
