import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.paging import CURSOR, decode_cursor, encode_cursor
from service.errors import ValidationError

PATTERN = r"\d+-\d+"
positions = st.builds("{}-{}".format, st.integers(0, 2**63), st.integers(0, 2**63))


@given(positions)
def test_a_cursor_is_read_back_and_keeps_its_own_rules(position):
    cursor = encode_cursor("audit", position)
    assert decode_cursor("audit", cursor, PATTERN) == position
    assert not list(CURSOR.faults(cursor, "cursor"))


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    with pytest.raises(ValidationError) as caught:
        decode_cursor("audit", text, PATTERN)
    assert [bad.field for bad in caught.value.fields] == ["cursor"]


@pytest.mark.parametrize("change", [lambda c: c + "=", lambda c: c + "A", lambda c: c[:-1] + "B", lambda c: c[:-2]])
def test_a_cursor_has_one_spelling(change):
    with pytest.raises(ValidationError):
        decode_cursor("audit", change(encode_cursor("audit", "17-0")), PATTERN)


def test_a_cursor_belongs_to_its_list():
    with pytest.raises(ValidationError):
        decode_cursor("usage-day", encode_cursor("audit", "17-0"), PATTERN)
