"""The proof bench: load on a real service while everything is killed, and then a count of what was billed."""
