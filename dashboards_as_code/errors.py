"""What can be wrong with a dashboard, each with the exit code of the command that meets it."""


class DashboardError(Exception):
    """Something about the dashboards is wrong; the message names the thing and says what was expected."""

    exit_code = 1


class StyleError(DashboardError):
    """A board breaks the house style."""


class UsageError(DashboardError):
    """The command was given something that it cannot use."""

    exit_code = 2


class UnavailableError(DashboardError):
    """Prometheus did not answer a query."""

    exit_code = 3
