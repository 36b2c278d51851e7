"""An account as plain data, the same for the page, the Markdown and `--output json`."""

from datetime import UTC, datetime
from typing import Any

from slo.report.account import Account, Alert, Day
from slo.report.period import ReportPeriod

_WORST_DAYS = 5


def facts(account: Account, period: ReportPeriod) -> dict[str, Any]:
    """Figures of one SLO or group; None where nobody measured."""
    worst = sorted((day for day in account.days() if round(day.errors)), key=lambda day: day.errors, reverse=True)
    spent = account.budget_spent_ratio
    return {
        "slo": account.slo.name,
        "group": account.group,
        "title": account.slo.title,
        "service": account.slo.service,
        "objective": float(account.slo.objective.target),
        "period": period.name,
        "from": text(period.start),
        "to": text(period.measured_end),
        "over": period.over,
        "verdict": account.verdict,
        "sli_ratio": account.sli_ratio,
        "budget_spent_ratio": spent,
        "budget_remaining_ratio": None if spent is None else 1 - spent,
        "unit": account.slo.unit,
        "requests": round(account.requests),
        "errors": round(account.errors),
        "measured_ratio": account.measured_ratio,
        "worst_days": [_day(account, day) for day in worst[:_WORST_DAYS]],
        "alerts": [_alert(alert) for alert in account.alerts],
    }


def _day(account: Account, day: Day) -> dict[str, Any]:
    return {
        "date": day.date,
        "requests": round(day.requests),
        "errors": round(day.errors),
        "error_ratio": day.error_ratio,
        "budget_spent_ratio": account.spent_by(day.errors),
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "severity": alert.severity,
        "pair": alert.pair,
        "from": text(alert.start),
        "to": text(alert.end),
        "seconds": round(alert.end - alert.start),
    }


def text(at: float) -> str:
    """UTC, to the second."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
