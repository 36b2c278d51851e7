"""What Prometheus knows of a period, as accounts."""

from collections.abc import Callable, Iterator
from operator import attrgetter

from slo import measured, names, promql
from slo.model import Slo, Window
from slo.prometheus import Curve, Prometheus, Span
from slo.report.account import Account, Alert, Hour
from slo.report.period import ReportPeriod

HOUR = Window("1h")
_ALERT_STEP_SECONDS = 60

Said = Callable[[str], None]


def accounts(slo: Slo, prometheus: Prometheus, period: ReportPeriod, scale: int, said: Said) -> list[Account]:
    """One account for each group of the SLO, or one without a single hour where nothing was measured."""
    step = HOUR.seconds / scale
    expected = int((period.measured_end - period.start) / step)
    said(f"{slo.name}: requests and errors by the hour")
    span = Span(period.start + step, period.start + expected * step, step)
    hours = _hours(slo, prometheus, span, scale) if expected else {}
    said(f"{slo.name}: alerts that fired")
    alerts = _alerts(slo, prometheus, Span(period.start, period.measured_end, _ALERT_STEP_SECONDS / scale))
    groups = sorted(hours) or [""]
    return [
        Account(slo, group, hours.get(group, ()), tuple(alert for own, alert in alerts if own in ("", group)), expected)
        for group in groups
    ]


def _hours(slo: Slo, prometheus: Prometheus, span: Span, scale: int) -> dict[str, tuple[Hour, ...]]:
    """From the raw counters; where those are gone, from the recorded rates."""
    for bad, total in _sources(slo, scale):
        requests = prometheus.curves(total, span)
        if requests:
            errors = {measured.group(curve.labels): dict(curve.points) for curve in prometheus.curves(bad, span)}
            return {
                group: tuple(_of_group(curve, errors.get(group, {}), span.step))
                for group, curve in ((measured.group(curve.labels), curve) for curve in requests)
            }
    return {}


def _of_group(requests: Curve, errors: dict[float, float], seconds: float) -> Iterator[Hour]:
    for at, rate in requests.points:
        yield Hour(at, rate * seconds, errors.get(at, 0.0) * seconds)


def _sources(slo: Slo, scale: int) -> Iterator[tuple[str, str]]:
    """Errors and requests a second, averaged over an hour."""
    yield promql.errors(slo, HOUR, scale), promql.requests(slo, HOUR, scale)
    bad, total = (
        f"avg_over_time({names.series(metric, slo.name)}[{HOUR.scaled(scale)}])"
        for metric in (names.ERRORS, names.REQUESTS)
    )
    yield bad, total


def _alerts(slo: Slo, prometheus: Prometheus, span: Span) -> list[tuple[str, Alert]]:
    """Each run of an alert with the group it belongs to, oldest first."""
    fired = f"ALERTS{names.braces({'alertstate': 'firing', names.SLO: slo.name})}"
    runs = [
        (_group(curve), _alert(curve, *run))
        for curve in prometheus.curves(fired, span)
        for run in _runs(curve, span.step)
    ]
    return sorted(runs, key=lambda run: (run[1].start, attrgetter("pair")(run[1])))


def _runs(curve: Curve, step: float) -> list[tuple[float, float]]:
    """First and last moment of each run; a gap longer than a step ends one."""
    runs: list[tuple[float, float]] = []
    for at, _ in curve.points:
        if runs and at - runs[-1][1] <= step * 1.5:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


def _alert(curve: Curve, start: float, end: float) -> Alert:
    labels = curve.labels
    windows = [labels[name] for name in (names.SHORT_WINDOW, names.LONG_WINDOW) if name in labels]
    return Alert(labels.get("alertname", ""), labels.get(names.SEVERITY, ""), "@".join(windows), start, end)


def _group(curve: Curve) -> str:
    own = ("alertname", "alertstate", names.POLICY, names.LONG_WINDOW, names.SHORT_WINDOW, names.BURN_RATE)
    return measured.group({name: value for name, value in curve.labels.items() if name not in own})
