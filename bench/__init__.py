"""Measures what parts of the product cost, and what load does to it."""
