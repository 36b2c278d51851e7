"""What an alert says to the person who gets it, as Prometheus templates."""

from decimal import Decimal

from slo import names, promql
from slo.model import Pair, Slo, plain


def of_burn(slo: Slo, pair: Pair, scale: int) -> dict[str, str]:
    """Which windows fired, how much of the budget is spent, and how long the rest lasts at this pace."""
    pace = f"{plain(pair.burn_rate)} times the pace"
    long_ratio = _action("$value | humanizePercentage")
    failed = (
        f"{long_ratio} of the requests to {slo.service} failed over the last {pair.long}, and over the "
        f"last {pair.short} more than {_percent(pair.threshold(slo.objective))} as well: {pace} that the objective "
        f"of {_percent(slo.objective.target)} allows."
    )
    return {
        "summary": f"{slo.title} burns its error budget at more than {pace} it can afford ({pair.name}).",
        "description": f"{failed} {_budget(slo, scale)}{_scaled(scale)}",
        "runbook_url": names.runbook(slo.name),
    }


def of_absence(slo: Slo, scale: int) -> dict[str, str]:
    """Nobody can say whether the objective is kept."""
    lost = (
        f"Prometheus has no series that counts the requests to {slo.service}: the service, the collector or "
        "the scrape is down, or no request has come since the service started. Until it is back, no "
        "burn-rate alert of this objective can fire."
    )
    return {
        "summary": f"{slo.title} is no longer measured.",
        "description": f"{lost}{_scaled(scale)}",
        "runbook_url": names.runbook(slo.name),
    }


def _budget(slo: Slo, scale: int) -> str:
    spent = _action(f"with query `1 - {names.series(names.BUDGET_REMAINING, slo.name)}`")
    left = _action(f"with printf `{promql.time_left(slo, '%g', scale)}` $value | query")
    otherwise, end = _action("else"), _action("end")
    return (
        f"{spent}{_first('humanizePercentage')} of the error budget of {slo.objective.period} is spent; "
        f"{left}at this pace the rest lasts {_first('humanizeDuration')}{otherwise}nothing is left{end}."
        f"{otherwise}How much of the error budget is spent is not recorded yet.{end}"
    )


def _first(shown_as: str) -> str:
    return _action(f". | first | value | {shown_as}")


def _action(text: str) -> str:
    return f"{{{{ {text} }}}}"


def _scaled(scale: int) -> str:
    return "" if scale == 1 else f" Scaled k={scale}: a window lasts 1/{scale} of its name."


def _percent(ratio: Decimal) -> str:
    return f"{plain(ratio * 100)}%"
