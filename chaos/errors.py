"""What can go wrong in a GameDay, and the exit code that each kind ends with."""

from __future__ import annotations


class GameDayError(Exception):
    """Root of the tree; `exit_code` is what the command returns."""

    exit_code = 3


class UserMistake(GameDayError):
    """The command, the experiment file or the contract is wrong; nothing was started."""

    exit_code = 2


class LabError(GameDayError):
    """The lab did not start or did not hold, so that nothing can be said about the alert."""


class InvalidRun(GameDayError):
    """The run says nothing about the alert: cold windows, no steady state, or a fault without effect."""
