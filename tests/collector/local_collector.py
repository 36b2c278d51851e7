"""A running collector with the local configuration, and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.collector.otlp_fixtures import filled, lines, send

_OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@dataclass(frozen=True)
class Collector:
    """Its base URL for OTLP, the URL of its metrics, and the folder of its traces and logs."""

    otlp: str
    metrics: str
    folder: Path

    def scrape(self) -> str:
        """What Prometheus is shown, exemplars included; raises unless it is shown."""
        response = requests.get(self.metrics, headers=_OPENMETRICS, timeout=5)
        response.raise_for_status()
        return response.text

    def samples(self) -> dict[str, str]:
        """What a scrape gives: value by series."""
        shown = [line for line in self.scrape().splitlines() if line and not line.startswith("#")]
        return {line.rsplit("}", 1)[0] + "}": line.rsplit("}", 1)[1].split()[0] for line in shown}

    def exported(self, signal: str, texts: Sequence[str]) -> list[Any]:
        """What comes out when one request is sent for each text."""
        for text in texts:
            send(self.otlp, signal, filled(signal, text))
        return lines(self.folder / f"{signal}.jsonl", len(texts))

    def scraped(self, texts: Sequence[str]) -> str:
        """What a scrape shows after the metrics were sent with each text."""
        for text in texts:
            send(self.otlp, "metrics", filled("metrics", text))
        return self.scrape()
