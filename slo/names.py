"""The public names: every recorded series, label, alert and rule group is written here and nowhere else."""

import re
from functools import lru_cache

ERRORS = "slo:errors:rate5m"
REQUESTS = "slo:requests:rate5m"
PERIOD_ERRORS = "slo:period_errors:rate5m"
PERIOD_REQUESTS = "slo:period_requests:rate5m"
ERROR_RATIO = "slo:error_ratio:window"
OBJECTIVE = "slo:objective:ratio"
PERIOD = "slo:period:seconds"
PERIOD_START = "slo:period_start:seconds"
SINCE_START_ERRORS = "slo:errors:since_start"
SINCE_START_REQUESTS = "slo:requests:since_start"
SINCE_START = "slo:since_start:seconds"
BUDGET_REMAINING = "slo:error_budget:remaining_ratio"

SLO = "slo"
SERVICE = "service"
WINDOW = "window"
SEVERITY = "severity"
POLICY = "policy"
LONG_WINDOW = "long_window"
SHORT_WINDOW = "short_window"
BURN_RATE = "burn_rate"
GROUP = "slo_group"
TARGETS = "notification_targets"


def burn_alert(slo: str) -> str:
    """The alert that all pairs of an SLO share: api-availability -> ApiAvailabilityErrorBudgetBurn."""
    return f"{_camel(slo)}ErrorBudgetBurn"


def telemetry_absent_alert(slo: str) -> str:
    """The alert for an SLO whose requests are no longer counted."""
    return f"{_camel(slo)}TelemetryAbsent"


def telemetry_stale_alert(slo: str) -> str:
    """The alert for an SLO whose requests stopped from one moment to the next."""
    return f"{_camel(slo)}TelemetryStale"


def errors_above_total_alert(slo: str) -> str:
    """The alert for an SLO whose two counters contradict each other."""
    return f"{_camel(slo)}ErrorsAboveTotal"


def fast_group(slo: str) -> str:
    """The rule group of the pages."""
    return f"slo:{slo}:fast"


def slow_group(slo: str) -> str:
    """The rule group of the recordings and the tickets."""
    return f"slo:{slo}:slow"


def period_group(slo: str) -> str:
    """The rule group that thins out what the longest windows sum."""
    return f"slo:{slo}:period"


def runbook(slo: str) -> str:
    """Where the runbook of an SLO lies in this repository."""
    return f"docs/runbooks/{slo}.md"


def series(metric: str, slo: str, window: str | None = None) -> str:
    """The selector of a recorded series of one SLO."""
    more = "" if window is None else f',{WINDOW}="{window}"'
    return f'{metric}{{{SLO}="{slo}"{more}}}'


def braces(labels: dict[str, str]) -> str:
    """Labels as PromQL equality matchers in braces."""
    return "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


@lru_cache(maxsize=256)
def _camel(slo: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^a-zA-Z0-9]+", slo))
