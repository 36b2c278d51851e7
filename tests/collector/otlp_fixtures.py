"""OTLP requests as data: the same shape of request, filled with any text, sent over OTLP/HTTP in JSON."""

import json
import time
from pathlib import Path
from typing import Any

import requests

FOLDER = Path(__file__).parent / "otlp"
GOLDEN = Path(__file__).parent / "golden"
BYTES = "Y2FuYXJ5LWluLWJ5dGVz"
"""What the fixture for logs carries as bytes."""


def filled(signal: str, text: str) -> str:
    """The fixture of a signal with `text` in each place where a secret may hide."""
    template = (FOLDER / f"{signal}.json").read_text()
    written = json.dumps(text)[1:-1]
    return template.replace("CANARY", written).replace("BASE64", BYTES).replace("NOW", str(time.time_ns()))


def send(otlp: str, signal: str, body: str) -> None:
    """Hand a request to the receiver at the base URL `otlp`; raises unless all of it is taken."""
    headers = {"Content-Type": "application/json"}
    response = requests.post(f"{otlp}/v1/{signal}", body.encode(), headers=headers, timeout=10)
    response.raise_for_status()
    assert response.json() == {"partialSuccess": {}}


def lines(file: Path, count: int) -> list[Any]:
    """The first `count` lines that the file exporter writes, in the order of arrival."""
    deadline = time.monotonic() + 10
    while True:
        text = file.read_text() if file.exists() else ""
        if text.count("\n") >= count:
            return [json.loads(line) for line in text.splitlines()[:count]]
        assert time.monotonic() < deadline, f"{file} has {text.count(chr(10))} lines, expected {count}"
        time.sleep(0.05)


def spans(file: Path) -> list[Any]:
    """Every span that the file exporter has written so far."""
    scopes = [scope for resource in _whole(file, "resourceSpans") for scope in resource["scopeSpans"]]
    return [span for scope in scopes for span in scope["spans"]]


def log_records(file: Path) -> list[Any]:
    """Every log record that the file exporter has written so far."""
    scopes = [scope for resource in _whole(file, "resourceLogs") for scope in resource["scopeLogs"]]
    return [record for scope in scopes for record in scope["logRecords"]]


def _whole(file: Path, kind: str) -> list[Any]:
    """The resources in its lines; a last line that is still being written, or was cut off, is none."""
    return [
        resource for line in file.read_text().rpartition("\n")[0].splitlines() for resource in json.loads(line)[kind]
    ]
