"""What must never happen."""


class Violation(AssertionError):
    """An invariant was broken; the message says which one, and when."""
