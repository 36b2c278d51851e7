"""How a plan's monthly fee spreads over the days for which a tenant pays it."""

from datetime import UTC, date, datetime, timedelta

from service.domain.tenant import Tenant


def fee_share(monthly_microcents: int, tenant: Tenant, day: date) -> int:
    """The day's part of its month's fee, by the second; the parts add up to what Stripe charges for the month.

    A month is paid in advance, from its start or from the end of the trial on; who leaves within it gets nothing back.
    """
    start = day.replace(day=1)
    month_start, month_end = _second(start), _second((start + timedelta(days=31)).replace(day=1))
    paid_from = max(month_start, tenant.trial_ends_at)
    gone_at = tenant.canceled_at or tenant.cancel_at
    if gone_at is not None and gone_at <= paid_from:
        return 0

    def owed_by(second: int) -> int:
        return monthly_microcents * max(second - paid_from, 0) // (month_end - month_start)

    return owed_by(_second(day + timedelta(days=1))) - owed_by(_second(day))


def _second(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
