"""How a command ends when it was asked for what it cannot do."""

EXIT_DIFFERENCES = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h."""


class Mistake(Exception):
    """The message is one line that says what was wrong and what was expected; the command ends with EXIT_USAGE."""
