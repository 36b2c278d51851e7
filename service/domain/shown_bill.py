"""The bill as clients see it: ready for JSON, periods in RFC 3339."""

from typing import TypedDict

from service.domain.bill import Bill, BillLine, Period


class ShownPeriod(TypedDict):
    start: str
    end: str


class ShownLine(TypedDict):
    kind: str
    description: str
    event_type: str | None
    period: ShownPeriod
    quantity: int
    unit_amount_microcents: int
    amount_microcents: int
    amount_cents: int


class ShownBill(TypedDict):
    plan: str
    month: str
    currency: str
    period: ShownPeriod
    lines: list[ShownLine]
    total_microcents: int
    total_cents: int


def shown_bill(bill: Bill) -> ShownBill:
    return {
        "plan": str(bill.plan),
        "month": bill.month,
        "currency": bill.currency,
        "period": _shown_period(bill.period),
        "lines": [_shown_line(line) for line in bill.lines],
        "total_microcents": bill.total_microcents,
        "total_cents": bill.total_cents,
    }


def _shown_period(period: Period) -> ShownPeriod:
    return {"start": f"{period.start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{period.end:%Y-%m-%dT%H:%M:%SZ}"}


def _shown_line(line: BillLine) -> ShownLine:
    return {
        "kind": str(line.kind),
        "description": line.description,
        "event_type": None if line.event_type is None else str(line.event_type),
        "period": _shown_period(line.period),
        "quantity": line.quantity,
        "unit_amount_microcents": line.unit_amount_microcents,
        "amount_microcents": line.amount_microcents,
        "amount_cents": line.amount_cents,
    }
