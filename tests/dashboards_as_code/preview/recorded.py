"""A Prometheus's recorded answers, and panels that ask for them."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from dashboards_as_code.preview.span import Span

END = 1_800_000_000
SPAN = Span(END - 120, END, "1m")
TIMES = range(END - 120, END + 1)
Sample = Callable[[int], str]


def over_time(labels: dict[str, str], value: Sample) -> dict[str, Any]:
    return {"metric": labels, "values": [[at, value(at)] for at in TIMES]}


def now(labels: dict[str, str], value: str) -> dict[str, Any]:
    return {"metric": labels, "value": [END, value]}


RECORDED: dict[str, list[dict[str, Any]]] = {
    "rate": [
        over_time({"code": "2xx"}, lambda at: f"{at % 7}"),
        over_time({"code": "5xx"}, lambda at: "NaN" if at < END - 60 else "2.5"),
    ],
    "gap": [{"metric": {}, "values": [[END - 90, "1"], [END - 89, "1"], [END - 20, "3"], [END - 19, "3"]]}],
    "buckets": [
        over_time({"le": "+Inf"}, lambda _: "30"),
        over_time({"le": "0.1"}, lambda _: "10"),
        over_time({"le": "0.25"}, lambda _: "30"),
    ],
    "state": [over_time({}, lambda at: "0" if at < END - 40 else "2")],
    "left": [now({}, "0.1")],
    "drift": [now({"tenant": "<b>acme</b>", "job": "billing"}, "12.5")],
    "pages": [{"metric": {"alertname": "Burn"}, "values": [[at, "1"] for at in range(END - 40, END)]}],
    "nan": [over_time({}, lambda _: "NaN")],
}
EXEMPLARS = {
    "buckets": [
        {
            "seriesLabels": {"le": "0.25"},
            "exemplars": [
                {"labels": {"trace_id": "ab"}, "value": "0.175", "timestamp": END - 60},
                {"labels": {"trace_id": "cd"}, "value": "0.05", "timestamp": END - 90},
            ],
        }
    ]
}


class Recorder(BaseHTTPRequestHandler):
    """Answers a query by its text, and refuses what was not recorded as Prometheus refuses bad syntax."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        (query,) = form["query"]
        if self.path.endswith("query_exemplars"):
            return self._answer({"status": "success", "data": EXEMPLARS.get(query, [])})
        kind = "matrix" if self.path.endswith("query_range") else "vector"
        if query == "1":
            document: dict[str, Any] = {"status": "success", "data": {"resultType": "scalar", "result": [END, "1"]}}
        elif query in RECORDED:
            document = {"status": "success", "data": {"resultType": kind, "result": RECORDED[query]}}
        else:
            document = {"status": "error", "error": f"unknown\nquery {query}"}
        return self._answer(document)

    def _answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200 if document["status"] == "success" else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that gives the recorded answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def panel(kind: str, expr: str, unit: str = "short", legend: str = "", **parts: Any) -> dict[str, Any]:
    """A panel as the boards' JSON has it; `parts` are its custom options, thresholds and so on."""
    defaults = {"unit": unit, "custom": parts.get("custom", {}), "mappings": parts.get("mappings", [])}
    defaults["thresholds"] = {"steps": parts.get("steps", [])}
    instant = kind in {"stat", "gauge", "bargauge", "table"}
    target = {"expr": expr, "legendFormat": legend, "instant": instant, "exemplar": kind == "heatmap"}
    return {
        "type": kind,
        "title": f"A {kind}",
        "description": "How to read it.",
        "gridPos": {"x": 0, "y": 0, "w": 8, "h": 8},
        "targets": [target] if expr else [],
        "fieldConfig": {"defaults": defaults, "overrides": parts.get("overrides", [])},
        "options": parts.get("options", {}),
        "transformations": parts.get("transformations", []),
    }
