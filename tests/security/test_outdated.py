"""A list of outdated packages is believed only if a planted one is on it."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.security import outdated
from tests.security.audit import PLANTED, UNCHECKED

FILES = {PLANTED: f"{PLANTED}-2.6.1.tar.gz", "zope-interface": "zope_interface-8.0.tar.gz"}


@contextmanager
def registry(knows, refusal=404):
    """The address of a package index that knows some packages and refuses all others."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.strip("/").rpartition("/")[2]
            body = f'<a href="/{FILES[name]}#sha256={"0" * 64}">{FILES[name]}</a>' if name in knows else ""
            self.send_response(200 if body else refusal)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


@pytest.fixture
def installed(tmp_path):
    """A folder with one package, by the name that its author spells."""
    metadata = tmp_path / "zope.interface-7.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: zope.interface\nVersion: 7.0\n")
    return tmp_path


@pytest.fixture
def ask(installed, monkeypatch):
    """The real pip, which asks a registry on loopback and nothing else."""

    def asked(url, **settings):
        own = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": url, "NO_PROXY": "127.0.0.1", **settings}
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
            monkeypatch.delenv(name, raising=False)
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        return outdated.newer([installed])

    return asked


def test_what_the_registry_has_is_told(ask):
    with registry(FILES) as url:
        (one,) = ask(url)
    assert (one["name"], one["version"], one["latest_version"]) == ("zope.interface", "7.0", "8.0")


def test_nothing_newer_is_believed_of_a_registry_that_knows_the_planted_one(ask):
    with registry({PLANTED}) as url:
        assert ask(url) == []


@pytest.mark.parametrize(
    ("knows", "refusal", "settings"),
    [({}, 404, {}), ({}, 403, {}), ({"zope-interface"}, 404, {}), (FILES, 404, {"PIP_NO_INDEX": "1"})],
    ids=["empty", "forbidden", "without the planted one", "not asked"],
)
def test_a_registry_that_was_not_asked_is_no_registry_without_news(ask, knows, refusal, settings):
    with registry(knows, refusal) as url:
        assert ask(url, **settings) is None


def test_names_are_compared_however_they_are_spelt(monkeypatch, tmp_path, capsys):
    lock = tmp_path / "requirements.lock"
    lock.write_text("zope-interface==7.0 \\\n    --hash=sha256:0\nPy_YAML.x==1\nsame==1\n")
    news = [{"name": name, "version": "1", "latest_version": "2"} for name in ("zope.interface", "py-yaml-x", "pip")]
    monkeypatch.setattr(outdated, "LOCK", lock)
    monkeypatch.setattr(outdated, "newer", lambda _: news)
    assert outdated.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "packages=3 outdated=2"


def test_what_could_not_be_asked_is_not_called_news(monkeypatch, capsys):
    monkeypatch.setattr(outdated, "newer", lambda _: None)
    assert outdated.main() == UNCHECKED
    assert "nothing was checked" in capsys.readouterr().out
