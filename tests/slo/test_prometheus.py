"""Answers of a Prometheus that is none, or not well: one line that names address and question, exit 2."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slo.__main__ import main
from slo.prometheus import MOST_POINTS, Span
from slo.spec import SPECS

Answering = Callable[[int, str], str]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Starts a server that has one answer to everything, and says where it is."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("command", ["status", "gate", "report", "backtest", "drift"])
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>a proxy</html>", "expected Prometheus's JSON for "),
        (200, '{"status": "success", "data": {"result": [{"metric": {}}]}}', "expected Prometheus's JSON for "),
        (200, "[]", "expected Prometheus's JSON for "),
        (422, '{"error": "query processing would load too many samples"}', "load too many samples"),
        (503, "down\nfor maintenance", "503"),
    ],
)
def test_one_line(
    answering: Answering,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: str,
    status: int,
    body: str,
    said: str,
) -> None:
    url = answering(status, body)
    more = ["--audit", str(tmp_path / "audit.jsonl")] if command == "gate" else []
    spec = str(SPECS / "api-availability.yaml")
    assert main([command, spec, "--prometheus", url, *more]) == 2
    *progress, line = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slo {command}: {url}: ")
    assert said in line
    assert all("requests and errors" in one or "cost of" in one for one in progress)
    assert not (tmp_path / "audit.jsonl").exists()


def test_steps_are_asked_in_pieces_and_each_once() -> None:
    span = Span(1_000, 1_000 + 60 * (2 * MOST_POINTS), 60)
    parts = list(span.parts())
    assert [(part.start, part.end) for part in parts] == [
        (1_000, 1_000 + 60 * (MOST_POINTS - 1)),
        (1_000 + 60 * MOST_POINTS, 1_000 + 60 * (2 * MOST_POINTS - 1)),
        (1_000 + 60 * 2 * MOST_POINTS, span.end),
    ]
