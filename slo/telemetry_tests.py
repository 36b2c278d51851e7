"""promtool tests of what an SLO makes of broken, missing and changing telemetry."""

from collections.abc import Iterable
from decimal import Decimal

from slo import names
from slo.casebook import Case, check, duration, firing, never, once
from slo.model import Policy, Slo, Window
from slo.pace import LONGEST_RAW_WINDOW
from slo.promql import STALE_OFFSET, period_name
from slo.rules import ABSENT_FOR, STALE_FOR, SURPLUS_FOR, recorded_windows
from slo.traffic import REQUESTS_A_STEP, STEP_SECONDS, Phase, Series, Traffic, steady

_RATIO = Decimal("0.25")
_CALM = 600


def of_telemetry(slo: Slo, policy: Policy, made: Traffic) -> list[Case]:
    """One test for each way in which telemetry can mislead."""
    tests = [_no_errors(slo, policy, made), _late(slo, made), _deployed(slo, made)]
    if policy.when_absent:
        tests.append(_vanished(slo, policy, made))
    if made.counted:
        tests += [_idle(slo, policy, made), _reset(slo, made)]
        tests += [] if slo.part_may_exceed else [_surplus(slo, made)]
        tests += [_silent(slo, made)] if policy.when_absent else []
    return tests


def _no_errors(slo: Slo, policy: Policy, made: Traffic) -> Case:
    """A service that never failed has no series of errors, and its whole budget."""
    return _test(
        f"{slo.name}: an absent series of errors means no errors",
        made.events(steady(_CALM)),
        _zero_ratios(slo, recorded_windows(slo, policy), _CALM),
        check(f"sum({names.series(names.BUDGET_REMAINING, slo.name)})", _CALM, {"{}": 1} if _begun(slo) else None),
        check(names.series("ALERTS", slo.name), _CALM),
    )


def _idle(slo: Slo, policy: Policy, made: Traffic) -> Case:
    """Once a window has seen no request it has no sample, and the longer ones stay numbers."""
    busy = 1_800
    idle = LONGEST_RAW_WINDOW.seconds + STALE_OFFSET.seconds + 300
    still = made.lag_seconds
    windows = [window for window in recorded_windows(slo, policy) if window.seconds > idle + still]
    return _test(
        f"{slo.name}: no traffic means no error ratio",
        made.events(f"{steady(busy)} {_last(busy)}+0x{(idle + still) // STEP_SECONDS}"),
        _zero_ratios(slo, windows, busy + idle + still),
        check(names.series("ALERTS", slo.name), busy + idle + still),
    )


def _silent(slo: Slo, made: Traffic) -> Case:
    """The counter stands still from one moment to the next."""
    busy = 1_800
    fires = busy + made.lag_seconds + STALE_OFFSET.seconds + STALE_FOR.seconds
    alert = firing(slo, names.telemetry_stale_alert(slo.name))
    return _test(
        f"{slo.name}: requests that stop from one moment to the next are reported",
        made.events(f"{steady(busy)} {_last(busy)}+0x{(fires - busy) // STEP_SECONDS}"),
        never(alert, busy + STALE_FOR.seconds),
        once(alert, fires),
    )


def _vanished(slo: Slo, policy: Policy, made: Traffic) -> Case:
    gone = _CALM + STEP_SECONDS
    alert = firing(slo, names.telemetry_absent_alert(slo.name))
    # A subquery still sees what was there up to its window ago.
    late = 0 if made.counted and not made.lag_seconds else made.lag_seconds + 600
    return _test(
        f"{slo.name}: requests that are no longer counted {'page' if policy.pages else 'open a ticket'}",
        made.events(f"{steady(_CALM)} stale"),
        never(alert, gone),
        once(alert, gone + ABSENT_FOR.seconds + late),
    )


def _late(slo: Slo, made: Traffic) -> Case:
    """The first scrape of a fresh Prometheus finds nothing yet."""
    alert = firing(slo, names.telemetry_absent_alert(slo.name))
    series = made.events(f"_ {steady(_CALM)}")
    return _test(f"{slo.name}: a start pages nobody", series, never(alert, _CALM))


def _reset(slo: Slo, made: Traffic) -> Case:
    """A restart sets the counters to zero; neither the traffic nor its errors show it."""
    ratio = _RATIO if made.exact else Decimal(0)
    phases = [Phase(_CALM, ratio), Phase(_CALM, ratio, resets=True)]
    at = _CALM + 2 * STEP_SECONDS
    return _test(
        f"{slo.name}: a counter that starts anew changes nothing",
        made.series(phases),
        _ratio(slo, ratio, at),
        *(
            [check(f"round(sum({names.series(names.REQUESTS, slo.name)}))", at, {"{}": _PER_SECOND})]
            if made.exact
            else []
        ),
    )


def _deployed(slo: Slo, made: Traffic) -> Case:
    """New instances take over from old ones; their labels differ, and the ratio does not."""
    ratio = _RATIO if made.exact else Decimal(0)
    phases = [Phase(_CALM, ratio)]
    old = [{**one, "values": f"{one['values']} stale"} for one in made.series(phases, deployment="old")]
    new = made.series(phases, f"_x{_CALM // STEP_SECONDS} ", deployment="new")
    alert = firing(slo, names.telemetry_absent_alert(slo.name))
    at = _CALM + 4 * STEP_SECONDS
    return _test(
        f"{slo.name}: a deploy that changes labels changes nothing else",
        [*old, *new],
        _ratio(slo, ratio, at),
        never(alert, 2 * _CALM),
    )


def _surplus(slo: Slo, made: Traffic) -> Case:
    """More of a part than of the whole: the queries contradict each other."""
    alert = firing(slo, names.errors_above_total_alert(slo.name))
    end = 2 * SURPLUS_FOR.seconds + made.lag_seconds
    part = made.part(steady(end))
    if not part:
        series = made.series([Phase(end, Decimal(1) if made.exact else Decimal(0))])
        return _test(f"{slo.name}: a part that is the whole is not reported", series, never(alert, end))
    few = [one for one in made.events(f"0+1x{end // STEP_SECONDS}") if one["series"] != part[0]["series"]]
    return _test(f"{slo.name}: a part that is more than the whole is reported", [*few, *part], once(alert, end))


_PER_SECOND = REQUESTS_A_STEP // STEP_SECONDS


def _last(seconds: int) -> int:
    return REQUESTS_A_STEP * seconds // STEP_SECONDS


def _ratio(slo: Slo, ratio: Decimal, at: int) -> Case:
    series = names.series(names.ERROR_RATIO, slo.name, "5m")
    return check(f"round(1000 * sum({series}))", at, {"{}": int(1_000 * ratio)})


def _zero_ratios(slo: Slo, windows: Iterable[Window], at: int) -> Case:
    """Zero over these windows and over a period that began with a date, and nothing over others."""
    series = names.series(names.ERROR_RATIO, slo.name)
    period = [period_name(slo)] if slo.objective.calendar and _begun(slo) else []
    texts = dict.fromkeys([*(window.text for window in windows), *period])
    labels = (names.braces({names.WINDOW: text}) for text in texts)
    return check(f"sum by ({names.WINDOW}) ({series})", at, dict.fromkeys(labels, 0))


def _begun(slo: Slo) -> bool:
    """Whether the period has begun when promtool's time does, in 1970."""
    calendar = slo.objective.calendar
    return calendar is None or calendar.starts()[0] <= 0


def _test(name: str, series: Series, *checks: Case) -> Case:
    return {
        "name": name,
        "interval": duration(STEP_SECONDS),
        "input_series": series,
        "promql_expr_test": list(checks),
    }
