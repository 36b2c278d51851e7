"""What a bill looks like, and what a question about another one does."""

from service.api.amounts import CENTS, CURRENCY, EXACT, MICROCENTS, MONTH, PERIOD
from service.domain.bill import LineKind
from service.domain.schema import Choice, Flag, Instant, Listing, Members, Nullable, Record, Schema, Text, Whole
from service.domain.tenant import PLAN, TENANT_ID
from service.domain.usage import EventType

MAX_WHAT_IF = 10**8
"""So many units of each type, at the dearest prices, are still fewer micro-cents than EXACT."""

_DESCRIPTION = Text(200, ours=True)

BILL_LINE = Record(
    {
        "kind": Choice(list(LineKind)),
        "description": _DESCRIPTION,
        "event_type": Nullable(Choice(list(EventType))),
        "period": PERIOD,
        "quantity": Whole(0, EXACT),
        "unit_amount_microcents": MICROCENTS,
        "amount_microcents": MICROCENTS,
        "amount_cents": CENTS,
    },
    name="BillLine",
)
_BILL_FIELDS: dict[str, Schema] = {
    "plan": PLAN,
    "month": MONTH,
    "currency": CURRENCY,
    "period": PERIOD,
    "lines": Listing(BILL_LINE),
    "total_microcents": MICROCENTS,
    "total_cents": CENTS,
}
BILL = Record(_BILL_FIELDS, name="Bill")
PRORATION = Record(
    {
        "lines": Listing(
            Record(
                {"description": Text(2000, min_length=0, pattern="(?s:.*)"), "period": PERIOD, "amount_cents": CENTS},
                name="ProrationLine",
            )
        ),
        "total_cents": CENTS,
    },
    name="Proration",
    about="What Stripe would put on the next invoice for plan changes within the month, if the plan changed now.",
)
WHAT_IF = Record(
    {
        "bill": BILL,
        "difference_microcents": MICROCENTS,
        "difference_cents": CENTS,
        "proration": Nullable(PRORATION),
    },
    name="WhatIf",
    about="The bill as it would be, and by how much it would differ. The proration comes on top of both.",
)
PREVIEW = Record(
    {
        "tenant_id": TENANT_ID,
        "as_of": Instant(),
        "trial": Flag(about="Whether the month ends within the trial, so that nothing is owed."),
        **_BILL_FIELDS,
        "what_if": Nullable(WHAT_IF),
    },
    name="BillPreview",
)
QUESTION = Record(
    {
        "what_if": Members(Whole(0, MAX_WHAT_IF), names="|".join(EventType), about="Further units of each event type."),
        "plan": PLAN,
    },
    optional=frozenset({"what_if", "plan"}),
    name="BillQuestion",
)
