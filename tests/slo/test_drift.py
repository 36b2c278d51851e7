"""`slo drift` against a real Prometheus and a real Alertmanager, and dashboards in files and behind Grafana's API."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slo.__main__ import main
from slo.drift.difference import between
from slo.drift.routes import differing, receivers_of
from slo.errors import LiveError
from slo.guarded import load_guarded
from slo.rules import rule_file, to_yaml
from slo.spec import SPECS

SPEC = SPECS / "api-availability.yaml"
PROJECT = Path(__file__).parents[2]
ALERTMANAGER = (PROJECT / "collector" / "alertmanager.yaml").read_text()

Start = Callable[[str], str]
Heard = pytest.CaptureFixture[str]


def rules(*specs: Path) -> str:
    groups = [
        group for entry in load_guarded(specs or [SPEC]) for group in rule_file(entry.slo, entry.policy)["groups"]
    ]
    return to_yaml({"groups": groups})


def drift(capsys: Heard, *arguments: str, specs: Sequence[Path] = (SPEC,)) -> tuple[int, list[str]]:
    code = main(["drift", *map(str, specs), *arguments])
    return code, capsys.readouterr().out.splitlines()


def test_what_was_generated_does_not_drift(prometheus_with: Start, alertmanager_with: Start, capsys: Heard) -> None:
    specs = sorted(SPECS.glob("*.yaml"))
    found = drift(
        capsys,
        *("--prometheus", prometheus_with(rules(*specs))),
        *("--alertmanager", alertmanager_with(ALERTMANAGER)),
        *("--routes", str(PROJECT / "collector" / "alertmanager.yaml")),
        *("--dashboards", str(PROJECT / "dashboards_as_code" / "generated")),
        specs=specs,
    )
    assert found == (0, ["differences=0 compared=rules,dashboards,routes"])


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("> 0.0144\n", "> 0.0143\n", '{slo="api-availability",long_window="1h",short_window="5m"}: expr: expected'),
        ("severity: page", "severity: info", "labels.severity: expected 'page', got 'info'"),
        ("for: 1m", "for: 2m", "for: expected 60.0, got 120.0"),
        ("interval: 5s", "interval: 15s", "slo:api-availability:fast: interval: expected 5 s, got 15 s"),
        ("slo:api-availability:fast", "renamed", "slo:api-availability:fast: this group is not loaded"),
        ("record: slo:objective:ratio", "record: slo:objective:rate", ": this rule is loaded and belongs to no spec"),
    ],
)
def test_each_difference_of_the_rules_is_named(
    prometheus_with: Start, capsys: Heard, old: str, new: str, difference: str
) -> None:
    changed = rules().replace(old, new)
    assert changed != rules()
    code, lines = drift(capsys, "--prometheus", prometheus_with(changed))
    assert code == 1
    assert any(difference in line for line in lines), lines
    assert lines[-1] == f"differences={len(lines) - 1} compared=rules"


def test_rules_of_a_spec_that_is_gone(prometheus_with: Start, capsys: Heard) -> None:
    gone = "- name: slo:gone:fast\n  rules: [{record: 'slo:x:y', expr: '1'}]\n"
    url = prometheus_with(rules() + gone)
    assert drift(capsys, "--prometheus", url) == (0, ["differences=0 compared=rules"])
    assert main(["drift", "--prometheus", url, "--output", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {
        "where": "rules",
        "name": "slo:gone:fast",
        "problem": "this group is loaded and belongs to no spec",
    } in found


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (
            "equal: [slo, service, slo_group, component]",
            "equal: [instance]",
            "a page of the same SLO does not keep this ticket quiet",
        ),
        ("group_wait: 5s", "group_wait: 6s", "routes: route.group_wait: expected 5.0, got 6.0"),
        ("  receiver: gameday\n", "  receiver: gameday\n  routes: [{matchers: [severity=ticket], receiver: nobody}]\n",
         "ApiAvailabilityErrorBudgetBurn{severity=ticket}: reaches nobody, which tells nobody"),
    ],
)  # fmt: skip
def test_each_difference_of_the_routes_is_named(
    prometheus_with: Start, alertmanager_with: Start, capsys: Heard, old: str, new: str, difference: str
) -> None:
    changed = ALERTMANAGER.replace(old, new) + "  - name: nobody\n"
    code, lines = drift(
        capsys,
        *("--prometheus", prometheus_with(rules())),
        *("--alertmanager", alertmanager_with(changed)),
        *("--routes", str(PROJECT / "collector" / "alertmanager.yaml")),
    )
    assert code == 1
    assert any(difference in line for line in lines), lines


@pytest.fixture
def grafana() -> Iterator[tuple[str, dict[str, dict[str, object]]]]:
    """The two paths of Grafana's API that are asked, and the boards behind them."""
    boards: dict[str, dict[str, object]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            uid = self.path.rsplit("/", 1)[-1]
            found = {"dashboard": boards[uid]} if uid in boards else [{"uid": uid} for uid in boards]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", boards
    server.shutdown()
    thread.join()
    server.server_close()


def test_dashboards_behind_grafana(
    prometheus_with: Start, grafana: tuple[str, dict[str, dict[str, object]]], tmp_path: Path, capsys: Heard
) -> None:
    url, live = grafana
    expr = 'slo:error_ratio:window{slo="api-availability",window="1h",job=~"$job"}'
    board = {"uid": "mine", "title": "Mine", "panels": [{"title": "Errors", "targets": [{"expr": expr}]}]}
    (tmp_path / "mine.json").write_text(json.dumps(board))
    live["mine"] = {**board, "id": 7, "version": 3}
    asked = ("--prometheus", prometheus_with(rules()), "--grafana", url, "--dashboards", str(tmp_path))
    assert drift(capsys, *asked) == (0, ["differences=0 compared=rules,dashboards"])
    wrong = expr.replace("1h", "17h")
    live["mine"] = {**board, "panels": [{"title": "Errors", "targets": [{"expr": wrong}]}]}
    code, lines = drift(capsys, *asked)
    assert code == 1
    assert lines == [
        f"dashboards: mine: panels[0].targets[0].expr: expected {expr!r}, got {wrong!r}",
        f"dashboards: mine: Errors: no rule writes {wrong}",
        "dashboards: api-availability: no panel shows this SLO",
        "differences=3 compared=rules,dashboards",
    ]
    live.clear()
    assert drift(capsys, *asked)[1][0] == "dashboards: mine: this dashboard is not in Grafana"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--alertmanager", "http://127.0.0.1:9/api/v2/status: ConnectionError; expected an Alertmanager that answers"),
        ("--grafana", "http://127.0.0.1:9/api/search?type=dash-db&limit=5000: ConnectionError; expected a Grafana"),
    ],
)
def test_silence_is_one_line_and_no_difference(
    prometheus_with: Start, capsys: Heard, option: str, message: str
) -> None:
    assert main(["drift", str(SPEC), "--prometheus", prometheus_with(rules()), option, "http://127.0.0.1:9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"slo drift: {message}")


def test_routing_by_tree() -> None:
    tree = {
        "receiver": "all",
        "routes": [
            {"matchers": ['severity="page"'], "receiver": "log", "continue": True},
            {"match": {"severity": "page"}, "routes": [{"match_re": {"slo": "api-.*"}, "receiver": "api"}]},
        ],
    }
    assert receivers_of(tree, {"severity": "page", "slo": "api-x"}) == ["log", "api"]
    assert receivers_of(tree, {"severity": "page", "slo": "web"}) == ["log", "all"]
    assert receivers_of(tree, {"severity": "ticket"}) == ["all"]


@pytest.mark.parametrize("wait", ["30 s", "soon"])
def test_an_interval_that_is_none_is_one_line(wait: object) -> None:
    with pytest.raises(LiveError, match=f"routes: group_wait: expected a duration such as 30s, got {wait!r}"):
        list(differing({"route": {"group_wait": wait}}, {"route": {"group_wait": "30s"}}, 1))


def test_trees_are_compared_value_by_value() -> None:
    assert list(between({"a": [1, 2], "b": 1}, {"a": [1, 3], "c": 1})) == [
        ("a[1]", "expected 2, got 3"),
        ("b", "missing; expected 1"),
        ("c", "not expected, got 1"),
    ]


def test_intervals_of_a_scaled_lab() -> None:
    expected = {"route": {"group_wait": "5s", "group_interval": "30s", "repeat_interval": "4h"}}
    live = {"route": {"group_wait": "250ms", "group_interval": "1s500ms", "repeat_interval": "12m"}}
    assert list(differing(expected, live, 20)) == []
    (wait, *_) = differing(expected, live, 10)
    assert str(wait) == "routes: route.group_interval: expected 3.0, got 1.5"
