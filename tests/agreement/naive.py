"""The money of a month, computed from the catalogue's file and from nothing of the service."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files

import yaml

MICROCENTS_A_CENT = 10**6
NO_END = 10**15
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
GRACE = timedelta(minutes=15)
FIGURES = yaml.safe_load(files("service").joinpath("catalog.yaml").read_text())


def microcents(usd):
    return int(Decimal(usd) * 100 * MICROCENTS_A_CENT)


def rounded(amount):
    """Whole cents of micro-cents, half up."""
    return int((Decimal(amount) / MICROCENTS_A_CENT).quantize(Decimal(1), ROUND_HALF_UP))


def tiers(plan, event_type):
    """(last unit, price) from the month's first unit on, read from the file itself."""
    included, overage = FIGURES["plans"][plan]["included"][event_type], FIGURES["event_types"][event_type]["overage"]
    ends = [included + (NO_END if tier["up_to"] == "inf" else tier["up_to"]) for tier in overage]
    return [(included, 0), *zip(ends, (microcents(tier["price"]) for tier in overage), strict=True)]


def priced(plan, event_type, units):
    """Units by their price; each unit costs what the first tier that reaches up to it says."""
    by_price, below = [], 0
    for up_to, price in tiers(plan, event_type):
        held = min(units, up_to) - below
        if held > 0:
            by_price.append((price, held))
            below += held
    return by_price


def month_of(instant):
    return instant.year, instant.month


def next_month(instant):
    return (instant + 31 * DAY).replace(day=1)


@dataclass
class Book:
    """What was accepted, and in which month it has to be billed."""

    trial_ends_at: datetime
    billed: defaultdict = field(default_factory=lambda: defaultdict(Counter))
    hours: Counter = field(default_factory=Counter)
    kept: list = field(default_factory=list)

    def enter(self, event_type, value, timestamp, now):
        self.hours[event_type, timestamp.replace(minute=0, second=0, microsecond=0)] += value
        self.kept.append((event_type, timestamp))
        if timestamp >= self.trial_ends_at:
            is_closed = month_of(timestamp) < month_of(now - GRACE)
            self.billed[month_of(now if is_closed else timestamp)][event_type] += value


@dataclass
class Expected:
    """The naive bill of a month: usage by event type as (price, units), and the fee for the month after."""

    usage: dict
    fee: int

    @property
    def lines(self):
        return [(price, units) for lines in self.usage.values() for price, units in lines]

    @property
    def usage_microcents(self):
        return sum(price * units for price, units in self.lines)

    @property
    def cents(self):
        return rounded(self.fee) + sum(rounded(price * units) for price, units in self.lines)
