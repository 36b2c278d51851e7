"""The table of variables: what is documented, what is generated, what comes by file, what is mistyped."""

import json
import re

import pytest

from chaos.lab.programs import PROJECT
from service.__main__ import main
from service.config import Config, ConfigError, Environment
from service.config.generation import generate
from service.config.near_misses import near_misses
from service.config.strength import API_KEY_SECRET, JWT_SECRET, REDIS_PASSWORD, bits_per_character
from service.config.variables import EXAMPLES, VARIABLES, example_file
from tests.security.environments import good


def rules(env):
    with pytest.raises(ConfigError) as caught:
        Config.from_env(env)
    return {problem.name: problem.rule for problem in caught.value.problems}


def test_the_example_file_is_made_from_the_table_and_has_every_variable():
    text = (PROJECT / ".env.example").read_text()
    assert text == example_file()
    assert re.findall(r"^#?([A-Z_0-9]+)=", text, re.MULTILINE) == list(VARIABLES)


def test_the_table_has_every_variable_that_is_read_and_readme_has_the_table():
    asked = set()

    class Noting(dict):
        def get(self, name, default=None):
            asked.add(name.removesuffix("_FILE"))
            return super().get(name, default)

    for env in (good(1), good(2) | {"SIGNUP": "invite", "OPERATOR_KEY": "k" * 32}):
        Config.from_env(Noting(env))
    assert asked == set(VARIABLES)
    readme = (PROJECT / "README.md").read_text()
    assert [name for name in VARIABLES if f"`{name}`" not in readme] == []


def test_every_example_is_refused():
    for name, variable in VARIABLES.items():
        if variable.example:
            told = rules(good(1) | {name: variable.example, "ENVIRONMENT": "test", **_mode_of(name)})
            assert told[name] == "must not be an example's value"
    assert "your-128-char-secret-with-maximum-entropy" in EXAMPLES


def _mode_of(name):
    return {"SIGNUP": "invite"} if name == "OPERATOR_KEY" else {}


def test_generated_secrets_keep_the_rules_and_are_never_the_same(monkeypatch, capsys):
    drawn = []
    for _ in range(50):
        assert main(["secrets"]) == 0
        drawn.append(dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines()))
    for made in drawn:
        strengths = {"JWT_SECRET": JWT_SECRET, "API_KEY_SECRET": API_KEY_SECRET, "REDIS_PASSWORD": REDIS_PASSWORD}
        assert [strengths[name].faults(made[name]) for name in strengths] == [None] * 3
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9\-_.~+,:@%^]+", value) for value in made.values())
    assert len({value for made in drawn for value in made.values()}) == 50 * len(drawn[0])
    stripe = {name: value for name, value in good(1).items() if "STRIPE" in name}
    monkeypatch.setattr("os.environ", stripe | drawn[0] | {"STRIPE_SECRET_KEY": "sk_test_a"})
    assert main(["check-env"]) == 0
    assert main(["secrets", "--output", "json"]) == 0
    assert set(json.loads(capsys.readouterr().out.splitlines()[-1])) == set(generate())


def test_what_is_wrong_is_measured():
    told = rules(good(1) | {"JWT_SECRET": "Aa1!" * 10, "API_KEY_SECRET": "a" * 64})
    assert told["JWT_SECRET"] == (
        "must have at least 128 characters (has 40), must be random: 5.0 bits a character at least (has 2.00)"
    )
    assert told["API_KEY_SECRET"].endswith("must be random: 4.5 bits a character at least (has 0.00)")
    assert "lacks upper-case letters, digits, special characters" in told["API_KEY_SECRET"]
    assert bits_per_character("") == 0
    assert bits_per_character("Aa1!" * 32) == 2.0


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_come_as_a_file(tmp_path, end):
    env, file = good(1), tmp_path / "jwt"
    secret = env.pop("JWT_SECRET")
    file.write_bytes(f"{secret}{end}".encode())
    assert Config.from_env(env | {"JWT_SECRET_FILE": str(file)}).secrets.jwt == secret
    told = rules(env | {"JWT_SECRET_FILE": str(file), "JWT_SECRET": secret})
    assert told == {"JWT_SECRET": "must not be set together with JWT_SECRET_FILE"}


def test_the_previous_jwt_secret_is_optional_may_come_as_a_file_and_is_another_one(tmp_path):
    env, file = good(1), tmp_path / "previous"
    previous = env.pop("JWT_SECRET_PREVIOUS")
    assert Config.from_env(env).secrets.jwts == (env["JWT_SECRET"],)
    file.write_text(previous)
    told = Config.from_env(env | {"JWT_SECRET_PREVIOUS_FILE": str(file)}).secrets
    assert told.jwts == (env["JWT_SECRET"], previous)
    assert set(rules(env | {"JWT_SECRET_PREVIOUS": env["JWT_SECRET"]})) == {"JWT_SECRET", "JWT_SECRET_PREVIOUS"}


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"a" * 9000])
def test_a_file_that_holds_no_secret_is_told_by_the_name_of_its_variable(tmp_path, content):
    env, file = good(1), tmp_path / "hidden-name"
    del env["JWT_SECRET"]
    if content is not None:
        file.write_bytes(content)
    told = rules(env | {"JWT_SECRET_FILE": str(file)})
    assert set(told) == {"JWT_SECRET", "JWT_SECRET_FILE"}
    assert "hidden-name" not in str(told)


def test_secrets_share_nothing_with_each_other():
    env = good(1)
    told = rules(env | {"REDIS_PASSWORD": env["JWT_SECRET"][10:60]})
    assert told == {
        "JWT_SECRET": "must share nothing with REDIS_PASSWORD",
        "REDIS_PASSWORD": "must share nothing with JWT_SECRET",
    }


def test_production_is_strict_by_either_name():
    env = good(1)
    del env["ENVIRONMENT"]
    loose = env | {"STRIPE_SECRET_KEY": "sk_test_abcdefgh", "REDIS_TLS": "false", "PUBLIC_URL": "http://127.0.0.1:1"}
    assert Config.from_env(loose).environment is Environment.DEVELOPMENT
    for name in ("ENVIRONMENT", "NODE_ENV"):
        assert Config.from_env(env | {name: "production"}).environment is Environment.PRODUCTION
        assert set(rules(loose | {name: "production"})) == {"STRIPE_SECRET_KEY", "REDIS_TLS", "PUBLIC_URL"}
    assert set(rules(env)) == {"STRIPE_SECRET_KEY"}
    assert set(rules(good(1) | {"NODE_ENV": "development"})) == {"NODE_ENV"}


def test_probable_typing_errors_are_told_by_their_names(monkeypatch, capsys):
    env = {
        "JWT_SECRT": "s3cret-value",
        "STRIPE_WEBHOK_SECRET_FILE": "/x",
        "PATH": "/bin",
        "HOSTNAME": "h",
    }
    assert [str(each) for each in near_misses(env)] == [
        "JWT_SECRT is not read; did you mean JWT_SECRET?",
        "STRIPE_WEBHOK_SECRET_FILE is not read; did you mean STRIPE_WEBHOOK_SECRET_FILE?",
    ]
    assert near_misses(env | {"JWT_SECRET": "x", "STRIPE_WEBHOOK_SECRET_FILE": "x"}) == []
    monkeypatch.setattr("os.environ", env)
    assert main(["serve"]) == 78
    told = capsys.readouterr().err
    assert "billing: warning: JWT_SECRT is not read; did you mean JWT_SECRET?" in told
    assert "s3cret-value" not in told


def _like(secret, length):
    return (secret * 2)[:length]


BAD_SECRETS = [
    ("JWT_SECRET", lambda good: _like(good, 127)),
    ("JWT_SECRET", str.upper),
    ("JWT_SECRET", str.lower),
    ("JWT_SECRET", lambda good: re.sub("[0-9]", "x", good)),
    ("JWT_SECRET", lambda good: re.sub("[^A-Za-z0-9]", "x", good)),
    ("JWT_SECRET", lambda _: "Aa1!" * 40),
    ("API_KEY_SECRET", lambda good: _like(good, 63)),
    ("API_KEY_SECRET", str.upper),
    ("API_KEY_SECRET", str.lower),
    ("API_KEY_SECRET", lambda good: re.sub("[0-9]", "x", good)),
    ("API_KEY_SECRET", lambda good: re.sub("[^A-Za-z0-9]", "x", good)),
    ("API_KEY_SECRET", lambda _: "Aa1!" * 40),
    ("REDIS_PASSWORD", lambda good: _like(good, 23)),
    ("REDIS_PASSWORD", lambda good: re.sub("[^A-Za-z0-9]", "x", good)),
    ("REDIS_PASSWORD", lambda _: "Aa1!" * 10),
    ("REDIS_PASSWORD", lambda _: ""),
]


@pytest.mark.parametrize("suffix", ["", "_PREVIOUS"])
@pytest.mark.parametrize(("name", "spoil"), [case for case in BAD_SECRETS if case[0] == "JWT_SECRET"])
def test_a_weak_jwt_secret_is_refused(name, spoil, suffix):
    env, name = good(1), name + suffix
    assert set(rules(env | {name: spoil(env[name])})) == {name}


@pytest.mark.parametrize(("name", "spoil"), [case for case in BAD_SECRETS if case[0] == "API_KEY_SECRET"])
def test_a_weak_api_key_secret_is_refused(name, spoil):
    env = good(1)
    assert set(rules(env | {name: spoil(env[name])})) == {name}


@pytest.mark.parametrize(("name", "spoil"), [case for case in BAD_SECRETS if case[0] == "REDIS_PASSWORD"])
def test_a_weak_redis_password_is_refused(name, spoil):
    env = good(1)
    assert set(rules(env | {name: spoil(env[name])})) == {name}


@pytest.mark.parametrize("tls", ["", "false"])
def test_production_needs_tls_to_redis(tls):
    assert set(rules(good(1) | {"REDIS_TLS": tls})) == {"REDIS_TLS"}


@pytest.mark.parametrize(
    "origins",
    [
        "",
        "*",
        "https://*.example.com",
        "http://app.example.com",
        "https://app.example.com/",
        "https://app.example.com,http://admin.example.com",
        "null",
    ],
)
def test_production_needs_exact_https_origins(origins):
    assert set(rules(good(1) | {"ALLOWED_ORIGINS": origins})) == {"ALLOWED_ORIGINS"}


def test_live_keys_are_for_production_and_test_keys_for_everything_else():
    for kind in ("sk", "rk"):
        test_key, live_key = f"{kind}_test_abcdefgh", f"{kind}_live_abcdefgh"
        assert set(rules(good(1) | {"STRIPE_SECRET_KEY": test_key})) == {"STRIPE_SECRET_KEY"}
        assert Config.from_env(good(1) | {"STRIPE_SECRET_KEY": live_key})
        for place in ("development", "test"):
            assert Config.from_env(good(1) | {"STRIPE_SECRET_KEY": test_key, "ENVIRONMENT": place})
            assert set(rules(good(1) | {"STRIPE_SECRET_KEY": live_key, "ENVIRONMENT": place})) == {"STRIPE_SECRET_KEY"}
