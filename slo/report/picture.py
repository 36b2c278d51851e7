"""The budget over the period, and the errors of each hour."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from matplotlib import dates as matplotlib_dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from slo import chart
from slo.report.account import Account
from slo.report.period import ReportPeriod

# This module of matplotlib has no types.
dates: Any = matplotlib_dates


def draw(account: Account, period: ReportPeriod) -> Figure:
    """Two panels over the period; alerts are shaded in both."""
    with chart.style():
        figure = Figure(figsize=(11, 5.2), layout="constrained")
        budget, errors = figure.subplots(2, 1, sharex=True, height_ratios=[1.4, 1])
        _draw_budget(budget, account, period)
        _draw_errors(errors, account)
        for panel in (budget, errors):
            _shade(panel, account)
        budget.set_xlim(_day(period.start), _day(period.end))
        locator = dates.AutoDateLocator(maxticks=12)
        errors.xaxis.set_major_locator(locator)
        errors.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    return figure


def _draw_budget(panel: Axes, account: Account, period: ReportPeriod) -> None:
    points = [(period.start, 0.0), *account.spending()] if account.hours else []
    left = [(1 - spent) * 100 for _, spent in points]
    days = [_day(at) for at, _ in points]
    panel.plot(days, left, color=chart.GOOD, lw=2)
    panel.fill_between(days, left, 0, where=[value >= 0 for value in left], color=chart.GOOD, alpha=0.15, lw=0)
    panel.fill_between(days, left, 0, where=[value < 0 for value in left], color=chart.BAD, alpha=0.25, lw=0)
    panel.axhline(0, color=chart.BAD, lw=1)
    panel.plot([_day(period.start), _day(period.end)], [100, 0], color=chart.QUIET, ls=":", lw=1, label="even pace")
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    panel.set_ylabel("error budget left")
    panel.set_title(f"{account.slo.title}: error budget", loc="left", fontweight="bold")
    panel.legend(loc="lower left", frameon=False)


def _draw_errors(panel: Axes, account: Account) -> None:
    """A gap is an hour without a request, or one that nobody measured."""
    hours = [hour for hour in account.hours if hour.requests]
    ends = [_day(hour.at) for hour in hours]
    width = min((after - before for before, after in pairwise(ends)), default=1 / 24)
    ratios = [hour.errors / hour.requests * 100 for hour in hours]
    panel.bar([end - width for end in ends], ratios, width=width, align="edge", color=chart.INK)
    budget = float(account.slo.objective.error_budget) * 100
    panel.axhline(budget, color=chart.BAD, ls="--", lw=1, label=f"{budget:g} % keeps the objective")
    panel.set_ylim(0, max([budget * 2, *ratios]) * 1.1)
    panel.yaxis.set_major_locator(MaxNLocator(4))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    panel.set_ylabel("errors by the hour")
    panel.legend(loc="upper left", frameon=False)


def _shade(panel: Axes, account: Account) -> None:
    for alert in account.alerts:
        colour = chart.BAD if alert.severity == "page" else chart.WARN
        panel.axvspan(_day(alert.start), _day(alert.end), color=colour, alpha=0.18, lw=0.5, zorder=0)


def _day(at: float) -> float:
    return float(dates.date2num(datetime.fromtimestamp(at, UTC)))
