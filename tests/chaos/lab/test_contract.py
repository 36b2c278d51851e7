"""A lab that does not work is no breach of the contract."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from chaos.errors import LabError
from chaos.lab.contract import __main__ as command
from chaos.lab.contract import traffic


@pytest.fixture
def broken() -> Iterator[str]:
    """The address of a service that fails at everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"down")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """In place of the lab: one that came up, with `urls`; counts how often it was taken down."""
    lab = SimpleNamespace(urls={}, downs=0)

    class Lab:
        def __init__(self, *_: object) -> None:
            """Nothing is started."""

        async def up(self, _: object) -> SimpleNamespace:
            return lab

        async def down(self) -> None:
            lab.downs += 1

    monkeypatch.setattr(command, "Lab", Lab)
    return lab


def test_a_service_that_takes_no_tenant_is_a_lab_that_does_not_work(
    broken: str, lab: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(traffic, "_READY_SECONDS", 0.1)
    lab.urls = {"service": broken, "toxiproxy": broken}
    assert command.main() == LabError.exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "contract: expected a tenant to be created, got 503: down\n"
    assert lab.downs == 1


def test_a_lab_that_does_not_answer_is_told_in_one_line(
    lab: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as gone:
        nobody = f"http://127.0.0.1:{gone.server_address[1]}"
    lab.urls = {"service": nobody, "toxiproxy": nobody}
    assert command.main() == LabError.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("contract: the lab does not answer as it should: ")
    assert lab.downs == 1
