from pathlib import Path

import pytest

from loadtests.settings import Settings, SettingsError

HOST = "http://127.0.0.1:3002"


def test_defaults_need_only_the_host() -> None:
    assert Settings.from_env({}, HOST) == Settings(HOST, 40.0, 1, Path("var/load"), 3)


def test_every_variable_is_read() -> None:
    env = {"LOAD_RATE": "2.5", "LOAD_SEED": "9", "LOAD_OUT": "out", "LOAD_TENANTS": "3"}
    assert Settings.from_env(env, HOST + "/") == Settings(HOST, 2.5, 9, Path("out"), 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOAD_RATE", "0"),
        ("LOAD_RATE", "-1"),
        ("LOAD_RATE", "nan"),
        ("LOAD_RATE", "inf"),
        ("LOAD_RATE", "1e9"),
        ("LOAD_RATE", "fast"),
        ("LOAD_RATE", ""),
        ("LOAD_SEED", "1.5"),
        ("LOAD_SEED", "-1"),
        ("LOAD_TENANTS", "0"),
        ("LOAD_TENANTS", "many"),
        ("LOAD_OUT", " "),
        ("LOAD_OUT", __file__),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: .*; expected "):
        Settings.from_env({name: value}, HOST)


@pytest.mark.parametrize("host", [None, "", "127.0.0.1:3002", "ftp://host", f"{HOST}/v1", "http://"])
def test_the_host_must_be_a_base_url(host: str | None) -> None:
    with pytest.raises(SettingsError, match=r"^--host: "):
        Settings.from_env({}, host)
