"""`python -m deploy`: it makes what can be made, once, and names what cannot."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from chaos.lab.programs import PROJECT
from deploy import __main__ as command
from deploy.certificates import FILES, Authority
from tests.deploy.redis_server import settings_of_a_started_server

DEPLOY = PROJECT / "deploy"
CHOSEN = ("stripe-secret-key", "stripe-webhook-secret", "pages-url", "tickets-url")


@pytest.fixture
def complete(tmp_path: Path) -> Path:
    """A folder that lacks nothing."""
    folder = tmp_path / "secrets"
    command.main(folder)
    for name in CHOSEN:
        (folder / name).write_text("chosen")
    assert command.main(folder) == 0
    return folder


def test_it_makes_what_is_missing_and_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "secrets"
    assert command.main(folder) == 1
    assert capsys.readouterr().err.count("is missing: put ") == 4
    made = _files(folder)
    assert made[folder / "redis.conf"] == b"requirepass " + made[folder / "redis-password"] + b"\n"
    for name in CHOSEN:
        (folder / name).write_text("chosen")
    assert command.main(folder) == 0
    assert {path: path.read_bytes() for path in made} == made


def test_other_users_are_kept_out_of_a_folder_that_was_there_before(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(0o755)
    command.main(folder)
    assert _mode(folder) == 0o700


def test_containers_under_another_user_read_what_they_mount(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        command.main(tmp_path / "secrets")
    finally:
        os.umask(before)
    mounted = [tmp_path / "secrets" / "optional", *(tmp_path / "secrets" / "tls").iterdir()]
    assert {_mode(folder) for folder in mounted} == {0o755}
    assert {_mode(file) for file in _files(tmp_path)} == {0o644}


@pytest.mark.parametrize("chosen", ["Chosen-by-a-person-1", 'With "quotes", \\ and # blanks 1'])
def test_redis_asks_for_the_password_that_was_there(complete: Path, chosen: str, tmp_path: Path) -> None:
    (complete / "redis-password").write_text(f"{chosen}\n")
    (complete / "redis.conf").unlink()
    assert command.main(complete) == 0
    settings = settings_of_a_started_server(DEPLOY / "redis" / "redis.conf", tmp_path, complete / "redis.conf", chosen)
    assert settings["requirepass"] == chosen


@pytest.mark.parametrize("name", ["api-key-secret", "redis-password", "redis.conf", "grafana-password"])
def test_what_went_is_made_again_and_nothing_else(complete: Path, name: str) -> None:
    before = _files(complete)
    (complete / name).unlink()
    assert command.main(complete) == 0
    after = _files(complete)
    assert after.keys() == before.keys()
    derived = {complete / "redis.conf"} if name == "redis-password" else set()
    random = {complete / name} - {complete / "redis.conf"}
    assert {path for path in before if after[path] != before[path]} == random | derived
    assert after[complete / "redis.conf"] == b"requirepass " + after[complete / "redis-password"] + b"\n"


@pytest.mark.parametrize("name", FILES)
def test_a_certificate_that_is_missing_is_named(complete: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (complete / "tls" / "prometheus" / name).unlink()
    left = _files(complete)
    assert command.main(complete) == 1
    assert f"lacks prometheus/{name}: move it away" in capsys.readouterr().err
    assert _files(complete) == left


def test_a_host_that_is_new_is_named(
    complete: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "TLS_HOSTS", (*command.TLS_HOSTS, "newcomer"))
    assert command.main(complete) == 1
    assert "lacks newcomer/ca.pem, newcomer/cert.pem, newcomer/key.pem: move it away" in capsys.readouterr().err
    shutil.rmtree(complete / "tls")
    assert command.main(complete) == 0
    assert (complete / "tls" / "newcomer" / "key.pem").is_file()


def test_the_empty_folders_that_docker_made_are_filled(tmp_path: Path) -> None:
    for host in command.TLS_HOSTS:
        (tmp_path / "tls" / host).mkdir(parents=True)
    command.main(tmp_path)
    assert len([path for path in (tmp_path / "tls").rglob("*") if path.is_file()]) == len(command.TLS_HOSTS) * 3


def test_interrupted_among_the_certificates_it_begins_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Authority.issue
    with monkeypatch.context() as patched:
        patched.setattr(Authority, "issue", lambda self, host, now: _interrupt(whole(self, host, now), host))
        with pytest.raises(KeyboardInterrupt):
            command.main(tmp_path)
    for name in CHOSEN:
        (tmp_path / name).write_text("chosen")
    assert command.main(tmp_path) == 0
    assert len({(tmp_path / "tls" / host / "ca.pem").read_bytes() for host in command.TLS_HOSTS}) == 1


def test_what_it_cannot_write_is_one_line(complete: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (complete / "jwt-secret").unlink()
    (complete / "jwt-secret").mkdir()
    capsys.readouterr()
    assert command.main(complete) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"deploy: {complete}/jwt-secret")


def test_a_password_that_is_not_one_line_is_named(complete: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (complete / "redis-password").write_text("")
    (complete / "redis.conf").unlink()
    assert command.main(complete) == 1
    assert f"{complete}/redis-password must be one line of text: it is empty" in capsys.readouterr().err


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _interrupt(files: Mapping[str, bytes], host: str) -> Mapping[str, bytes]:
    if host == command.TLS_HOSTS[1]:
        raise KeyboardInterrupt
    return files
