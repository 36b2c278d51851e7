"""What an alert says to the person who gets it, as Prometheus templates."""

from decimal import Decimal
from functools import lru_cache

from slo import names, promql
from slo.model import Pair, Slo, plain


def of_burn(slo: Slo, pair: Pair, scale: int) -> dict[str, str]:
    """Which windows fired, how much of the budget is spent, and how long the rest lasts at this pace."""
    pace = f"{plain(pair.burn_rate)} times the pace"
    long_ratio = _action("$value | humanizePercentage")
    failed = (
        f"{long_ratio} of the {slo.unit} {_of(slo)} failed over the last {pair.long}, and over the "
        f"last {pair.short} more than {_percent(pair.threshold(slo.objective))} as well: {pace} that the objective "
        f"of {_percent(slo.objective.target)} allows."
    )
    return {
        "summary": f"{slo.title} burns its error budget at more than {pace} it can afford ({pair.name}).",
        "description": f"{failed} {_budget(slo, scale)}{_scaled(scale)}",
        "runbook_url": runbook(slo),
    }


def of_absence(slo: Slo, scale: int) -> dict[str, str]:
    """Nobody can say whether the objective is kept."""
    lost = (
        f"Prometheus has no series that counts the {slo.unit} {_of(slo)}: the service, the collector or "
        "the scrape is down, or none has come since the service started. Until it is back, no "
        "burn-rate alert of this objective can fire."
    )
    return {
        "summary": f"{slo.title} is no longer measured.",
        "description": f"{lost}{_scaled(scale)}",
        "runbook_url": runbook(slo),
    }


def of_silence(slo: Slo, scale: int) -> dict[str, str]:
    """Either nobody calls any more, or what counts the calls hangs."""
    silent = (
        f"In the hour before, the {slo.unit} {_of(slo)} came many a minute; for a quarter of an hour not a single one "
        "was counted. Either the traffic was cut off, or the telemetry stands still and repeats its last figures. "
        "Until it counts again, no burn-rate alert of this objective can fire."
    )
    return {
        "summary": f"{slo.title}: no {slo.unit} any more, from one moment to the next.",
        "description": f"{silent}{_scaled(scale)}",
        "runbook_url": runbook(slo),
    }


def of_surplus(slo: Slo, scale: int) -> dict[str, str]:
    """The queries contradict each other."""
    wrong = (
        f"Over the last {promql.RECORDING_WINDOW} a part of the {slo.unit} {_of(slo)} was more than all of them. The "
        "two queries of the indicator do not count the same thing: look at their label matchers and at what was "
        "deployed last. The error ratio and the error budget of this objective cannot be trusted."
    )
    return {
        "summary": f"{slo.title}: more were counted as good or bad than there are.",
        "description": f"{wrong}{_scaled(scale)}",
        "runbook_url": runbook(slo),
    }


def runbook(slo: Slo) -> str:
    """Where its document says that the runbook is, or where this repository keeps it."""
    return slo.runbook or names.runbook(slo.name)


# The same for all pairs of an SLO.
@lru_cache(maxsize=64)
def _budget(slo: Slo, scale: int) -> str:
    spent = _action(f"with {_queried(f'1 - {names.series(names.BUDGET_REMAINING, slo.name)}', slo)}")
    left = _action(f"with {_queried(promql.time_left(slo, '%g', scale), slo, ' $value')}")
    otherwise, end = _action("else"), _action("end")
    return (
        f"{spent}{_first('humanizePercentage')} of the error budget of {slo.objective.period} is spent; "
        f"{left}at this pace the rest lasts {_first('humanizeDuration')}{otherwise}nothing is left{end}."
        f"{otherwise}How much of the error budget is spent is not recorded yet.{end}"
    )


def _queried(expression: str, slo: Slo, more: str = "") -> str:
    """A query for the alert's own group; `more` are the arguments of a placeholder behind the labels."""
    if not slo.groups and not more:
        return f"query `{expression}`"
    own = names.series(names.BUDGET_REMAINING, slo.name)
    labelled = own[:-1] + "".join(f",{label}=%q" for label in slo.groups) + "}"
    values = "".join(f" $labels.{label}" for label in slo.groups)
    return f"printf `{expression.replace(own, labelled)}`{values}{more} | query"


def _of(slo: Slo) -> str:
    """Whose: the service, and the group where they are kept apart."""
    kept = ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in slo.groups)
    return f"of {slo.service} ({kept})" if kept else f"of {slo.service}"


def _first(shown_as: str) -> str:
    return _action(f". | first | value | {shown_as}")


def _action(text: str) -> str:
    return f"{{{{ {text} }}}}"


def _scaled(scale: int) -> str:
    return "" if scale == 1 else f" Scaled k={scale}: a window lasts 1/{scale} of its name."


def _percent(ratio: Decimal) -> str:
    return f"{plain(ratio * 100)}%"
