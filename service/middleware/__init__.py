"""Concerns that every request shares, one per module."""
