"""How a promtool test says what it expects."""

from typing import Any

from slo import names
from slo.model import Slo, range_text

Case = dict[str, Any]


def firing(slo: Slo, alert: str, labels: dict[str, str] | None = None) -> str:
    """The selector of a firing alert."""
    fixed = {"alertname": alert, "alertstate": "firing", names.SLO: slo.name}
    return f"ALERTS{names.braces({**fixed, **(labels or {})})}"


def never(alert: str, until: int) -> Case:
    return check(f"count_over_time({alert}[{duration(until)}])", until)


def once(alert: str, at: int) -> Case:
    return check(f"count({alert})", at, {"{}": 1})


def check(expression: str, at: int, samples: dict[str, int] | None = None) -> Case:
    """The samples, by their labels, that the expression has to have; none where they are not given."""
    expected = [{"labels": labels, "value": value} for labels, value in (samples or {}).items()]
    return {"expr": expression, "eval_time": duration(at), "exp_samples": expected}


def duration(seconds: int) -> str:
    return range_text(seconds * 1_000)
