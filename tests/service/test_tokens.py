import base64
import json
from datetime import UTC, datetime

import jwt
import pytest

from service.config.generation import generate
from service.tokens import LEEWAY_SECONDS, Purpose, Tokens, derive_key
from tests.service.conftest import JWT_SECRET

NOW = 1_800_000_000
ISSUER = "https://billing.example.com"
SAID = {
    "iss": ISSUER,
    "sub": "tenant",
    "aud": Purpose.SESSION.value,
    "exp": NOW + 900,
    "nbf": NOW,
    "iat": NOW,
    "jti": "1",
    "key_id": "k",
}
NEW = generate()["JWT_SECRET"]
KEY = derive_key(JWT_SECRET, Purpose.SESSION.value)


def tokens(now=NOW, *secrets, issuer=ISSUER):
    return Tokens(secrets or (JWT_SECRET,), issuer, lambda: datetime.fromtimestamp(now, UTC))


def read(text, now=NOW):
    return tokens(now).read(Purpose.SESSION, text)


def encode(key=KEY, algorithm="HS512", headers=None, **changes):
    said = {name: value for name, value in {**SAID, **changes}.items() if value is not None}
    return jwt.encode(said, key, algorithm, headers=headers)


def test_a_token_says_what_it_was_issued_with_until_it_expires():
    text, issued = tokens().issue(Purpose.SESSION, "tenant", "1", 900, key_id="k")
    assert jwt.get_unverified_header(text) == {"alg": "HS512", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "==")) == SAID
    assert read(text) == issued
    assert read(text, NOW + 899) == issued
    assert read(text, NOW + 900) is None
    assert read(text, NOW - LEEWAY_SECONDS) == issued
    assert read(text, NOW - LEEWAY_SECONDS - 1) is None


def test_a_token_is_good_for_its_purpose_its_deployment_and_its_secret_alone():
    text = encode()
    assert read(text) is not None
    assert tokens().read(Purpose.EMAIL, text) is None
    assert tokens(issuer="https://staging.example.com").read(Purpose.SESSION, text) is None
    assert tokens(NOW, JWT_SECRET[::-1]).read(Purpose.SESSION, text) is None
    assert read(encode(key=derive_key(JWT_SECRET, Purpose.EMAIL.value))) is None
    assert len({derive_key(JWT_SECRET, purpose) for purpose in (*Purpose, "csrf")}) == len(Purpose) + 1
    assert len(KEY) == 64


@pytest.mark.parametrize("purpose", list(Purpose))
def test_while_secrets_are_rotated_what_the_previous_one_signed_is_good_until_it_expires(purpose):
    text, issued = tokens().issue(purpose, "tenant", "1", 900)
    during = tokens(NOW, NEW, JWT_SECRET)
    assert during.read(purpose, text) == issued
    assert tokens(NOW + 899, NEW, JWT_SECRET).read(purpose, text) == issued
    assert tokens(NOW + 900, NEW, JWT_SECRET).read(purpose, text) is None
    assert [during.read(other, text) for other in Purpose if other is not purpose] == [None] * (len(Purpose) - 1)
    assert tokens(NOW, NEW).read(purpose, text) is None


@pytest.mark.parametrize("purpose", list(Purpose))
def test_while_secrets_are_rotated_only_the_new_one_signs(purpose):
    text, issued = tokens(NOW, NEW, JWT_SECRET).issue(purpose, "tenant", "1", 900)
    assert tokens(NOW, NEW).read(purpose, text) == issued
    assert tokens(NOW, JWT_SECRET).read(purpose, text) is None


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"])
def test_every_registered_claim_is_required(claim):
    assert read(encode(**{claim: None})) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [Purpose.SESSION.value, "others"]},
        {"aud": [Purpose.SESSION.value]},
        {"exp": float(NOW + 900)},
        {"exp": "1900000000"},
        {"nbf": NOW + 60},
        {"iat": NOW + 60},
        {"iat": True},
        {"jti": ""},
        {"key_id": 5},
    ],
)
def test_a_claim_of_another_kind_is_refused(changes):
    assert read(encode(**changes)) is None


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "\udcff",
        encode(algorithm="HS256"),
        encode(algorithm="HS384"),
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(SAID)}.",
        encode(headers={"crit": ["x"], "x": 1}),
        encode()[:-1],
        encode() + "x" * 2048,
        encode(key=b"x" * 64),
    ],
)
def test_another_algorithm_or_a_mangled_token_is_refused(text):
    assert read(text) is None


def test_the_secret_is_not_shown():
    shown = repr(tokens(NOW, NEW, JWT_SECRET))
    assert [secret for secret in (NEW, JWT_SECRET) if secret in shown] == []
