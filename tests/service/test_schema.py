import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.schema import (
    Anything,
    Choice,
    Flag,
    Instant,
    Listing,
    Members,
    Nullable,
    Number,
    Record,
    Text,
    Whole,
    named_records,
)

PAIR = Record({"name": Text(5), "size": Whole(1, 9)}, optional=frozenset({"size"}), name="Pair")
ORDER = Record(
    {
        "pairs": Listing(PAIR, 1, 3, unique=True),
        "kind": Choice(["a", "b"]),
        "note": Nullable(Text(10)),
        "labels": Members(Flag(), names="[a-z]{1,3}", high=2),
        "ratio": Number(),
        "extra": Anything(shown=Whole(0, 1), about="anything else is judged later"),
    },
    optional=frozenset({"note", "labels", "ratio", "extra"}),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
orders = st.fixed_dictionaries(
    {},
    optional={
        "pairs": st.lists(st.dictionaries(st.sampled_from(["name", "size", "x"]), json_values), max_size=4),
        "kind": st.sampled_from(["a", "b", "c"]),
        "note": json_values,
        "labels": st.dictionaries(st.text("abc", max_size=4), st.booleans(), max_size=3),
        "ratio": json_values,
        "extra": json_values,
        "other": json_values,
    },
)


def faults(schema, value, path=""):
    return [(fault.field, fault.rule) for fault in schema.faults(value, path)]


def document(schema):
    """A JSON Schema that stands alone."""
    components = {record.name: record.definition() for record in named_records(schema)}
    return {**schema.document(), "components": {"schemas": components}}


def test_every_fault_of_a_body_is_named_at_once():
    body = {"pairs": [{"name": ""}, {"size": 0}], "kind": "c", "labels": {"toolong": 1}, "more": 1}
    assert [name for name, _ in faults(ORDER, body)] == [
        "pairs[0].name",
        "pairs[1].name",
        "pairs[1].size",
        "kind",
        "labels",
        "labels.toolong",
        "more",
    ]


def test_a_body_of_another_kind_is_one_fault():
    assert faults(ORDER, []) == [("", "must be an object")]


@given(orders | json_values)
def test_the_shown_schema_and_the_judge_agree(value):
    shown = jsonschema.Draft202012Validator(document(ORDER)).is_valid(value)
    assert shown == (not faults(ORDER, value)), json.dumps(value)


@given(st.text(max_size=20))
def test_the_shown_pattern_and_the_judge_agree_on_text(text):
    value = text.removesuffix("\n")  # a validator's `$` may let one newline pass; the judge never does
    assert jsonschema.Draft202012Validator(Text(12).document()).is_valid(value) == (not faults(Text(12), value))


@pytest.mark.parametrize(
    "text", ["", " a", "a ", "a\nb", "a\n", "\u200b", "a\u202eb", "\ufeffa", "a\x00", "\x7f", "x" * 201]
)
def test_text_that_people_cannot_read_is_refused(text):
    assert faults(Text(200), text, "name") == [("name", "must be 1 to 200 printable characters")]


@pytest.mark.parametrize("text", ["a", "Zürich & Søn", "株式会社", "مرحبا", "🦊 GmbH", "O'Brien <b>", "a  b"])
def test_text_in_any_language_is_taken(text):
    assert faults(Text(200), text) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (Whole(0, 5), True),
        (Whole(0, 5), 1.0),
        (Number(), False),
        (Flag(), 1),
        (Choice(["a"]), ["a"]),
        (Instant(), "2026-11-23"),
        (Instant(), "2026-13-01T00:00:00Z"),
        (Listing(Whole(0, 1), 0, 3, unique=True), [1, 1]),
    ],
)
def test_a_value_of_another_kind_is_refused(schema, value):
    assert len(faults(schema, value, "x")) == 1
