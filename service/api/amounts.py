"""How the API spells money, months and periods."""

from service.domain.schema import Choice, Instant, Record, Text, Whole

EXACT = 2**53
"""Readers of JSON may hold numbers as doubles, which are exact up to here."""

MICROCENTS = Whole(-EXACT, EXACT, about="Millionths of a US cent.")
CENTS = Whole(-EXACT, EXACT, about="Whole US cents, as an invoice has them.")
CURRENCY = Choice(["usd"])
MONTH = Text(
    7,
    min_length=7,
    pattern="2[01][0-9]{2}-(0[1-9]|1[0-2])",
    about="A calendar month in UTC, such as 2026-11.",
    says="must be a month from 2000-01 to 2199-12",
)
DAY = Text(10, min_length=10, pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}", about="A day in UTC, such as 2026-11-23.")
PERIOD = Record({"start": Instant(), "end": Instant()}, name="Period")
