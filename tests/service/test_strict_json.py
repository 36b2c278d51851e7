import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.strict_json import MAX_DEPTH, JsonError, loads


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"x": [{"a": 1, "a": 2}]}',
        b"[NaN]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"9" * 20 + b"]",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b'["\\ud800"]',
        b'{"\\udfff": 1}',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"[1] trailing",
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused(body):
    with pytest.raises(JsonError):
        loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'["[[[[[[[[[[[[[[[[[[[[[[", "\\"[[[[[[[[[[[[[[[[["]', ["[" * 22, '"' + "[" * 17]),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)),
        (b"[-9999999999999999999]", [-9999999999999999999]),
    ],
)
def test_honest_json_is_read(body, value):
    assert loads(body) == value


@given(st.binary())
def test_no_bytes_break_the_reader(body):
    try:
        loads(body)
    except JsonError:
        return


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(), st.lists, max_leaves=20))
def test_what_json_writes_is_read_back(value):
    text = json.dumps(value).encode()
    assert loads(text) == value


@pytest.mark.parametrize("end", [b"", b"\\", b'"'])
def test_a_string_without_an_end_costs_no_more_than_its_length(end):
    """An attempt at each of its quotes would take minutes for the longest body that is read."""
    body = b'{"a": "' + b'\\"' * 120_000 + end
    began = process_time()
    with pytest.raises(JsonError):
        loads(body)
    assert process_time() - began < 2
