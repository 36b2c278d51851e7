"""Rebuilds a ledger from its archive."""
