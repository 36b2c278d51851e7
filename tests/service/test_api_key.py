import re
import string

from hypothesis import given
from hypothesis import strategies as st

from service.domain import api_key
from service.ledger.keys import shard_of

ALPHANUMERIC = string.ascii_letters + string.digits

issued_keys = st.builds(
    api_key.issue,
    tenant_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    issued_at=st.integers(1, 10**11),
    id_entropy=st.binary(min_size=16, max_size=16),
    secret_entropy=st.binary(min_size=32, max_size=32),
)


@given(issued_keys)
def test_an_issued_key_has_the_documented_shape_and_parses_to_itself(key):
    assert re.fullmatch(r"c2pa_\d+_[0-9a-f]{32}_[0-9A-Za-z]{49}", key.text)
    assert api_key.parse(key.text) == key


@given(issued_keys, st.data())
def test_any_single_wrong_character_is_noticed_without_a_look_up(key, data):
    place = data.draw(st.integers(0, len(key.text) - 1))
    wrong = data.draw(st.sampled_from(ALPHANUMERIC).filter(lambda character: character != key.text[place]))
    assert api_key.parse(key.text[:place] + wrong + key.text[place + 1 :]) is None


@given(st.text())
def test_no_text_breaks_the_parser(text):
    assert api_key.parse(text) is None


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_a_key_lives_on_its_tenants_shard(tenant, entropy):
    key = api_key.issue(tenant.hex(), 1, entropy, bytes(32))
    assert shard_of(key.key_id) == shard_of(tenant.hex())


def test_hkdf_agrees_with_test_case_3_of_rfc_5869():
    derived = api_key.hkdf_sha256(b"\x0b" * 22, b"")
    assert derived.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_the_digest_depends_on_the_key_and_the_pepper():
    one = api_key.issue("00" * 16, 1, bytes(16), bytes(32))
    two = api_key.issue("00" * 16, 1, bytes(16), b"\x01" * 32)
    pepper, other = api_key.derive_pepper("a"), api_key.derive_pepper("b")
    digests = {api_key.digest(one, pepper), api_key.digest(two, pepper), api_key.digest(one, other)}
    assert len(digests) == 3
    assert api_key.digest(one, pepper) in digests


def test_a_key_is_not_shown_by_its_repr():
    key = api_key.issue("00" * 16, 1, bytes(16), bytes(32))
    assert key.text not in repr(key)
