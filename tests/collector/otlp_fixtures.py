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
