"""`python -m deploy`: it makes what can be made, once, and names what cannot."""

import ssl
from pathlib import Path

import pytest

from deploy import __main__ as command


def test_it_makes_what_is_missing_and_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    assert command.main(folder) == 1
    assert capsys.readouterr().err.count("is missing: put ") == 4
    made = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert made[folder / "redis.conf"] == b"requirepass " + made[folder / "redis-password"] + b"\n"
    for name in ("stripe-secret-key", "stripe-webhook-secret", "pages-url", "tickets-url"):
        (folder / name).write_text("chosen")
    assert command.main(folder) == 0
    assert {path: path.read_bytes() for path in made} == made


def test_certificates_are_of_one_authority_and_for_their_host(tmp_path: Path) -> None:
    command.main(tmp_path / "secrets")
    for host in command.TLS_HOSTS:
        files = tmp_path / "secrets" / "tls" / host
        context = ssl.create_default_context(cafile=files / "ca.pem")
        context.load_cert_chain(files / "cert.pem", files / "key.pem")
        assert len(context.get_ca_certs()) == 1
