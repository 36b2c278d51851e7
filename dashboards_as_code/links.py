"""Where clicks lead beside the boards: traces in Tempo, log records in Loki, runbooks."""

import json
from pathlib import PurePosixPath
from urllib.parse import quote

from dashboards_as_code.model import Link

TEMPO, LOKI = "tempo", "loki"
"""The data sources' uids, as deploy/grafana/provisioning names them."""
RUNBOOKS = "/public/runbooks"
"""Where Grafana serves docs/runbooks."""
_SERVICE = "billing"
_SHOWN_TIME = {"from": "${__from}", "to": "${__to}"}
_LITERAL = "${}_."  # Grafana finds its variables in the address as it stands


def traces(condition: str = "") -> str:
    """Traces of the shown time; `condition` is more TraceQL, such as `status = error`."""
    found = " && ".join(filter(None, [f'resource.service.name = "{_SERVICE}"', condition]))
    return _explore(TEMPO, {"queryType": "traceql", "query": f"{{ {found} }}"})


def records(pipeline: str = "") -> str:
    """Log records of the shown time; `pipeline` is more LogQL, such as `| severity_text = "ERROR"`."""
    return _explore(LOKI, {"queryType": "range", "expr": f'{{service_name="{_SERVICE}"}} {pipeline}'.rstrip()})


def traces_of_route(label: str) -> Link:
    """The traces of the clicked series' route."""
    return Link("Traces of this route", traces(f'span.http.route = "{of_label(label)}"'))


def runbook(path: str) -> Link:
    """A runbook page, given by its path in this repository, as docker-compose.yml has Grafana serve it."""
    return Link("Runbook", f"{RUNBOOKS}/{PurePosixPath(path).name}")


def board(uid: str, title: str) -> Link:
    """Another board, with the shown time and what was chosen."""
    return Link(title, f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}")


def slow_traces(seconds: float) -> Link:
    """Traces that took longer than the time beyond which every one is kept."""
    return Link("Slow traces", traces(f"duration > {round(seconds * 1000)}ms"))


def of_label(name: str) -> str:
    """The value that a label of the clicked series has, for a panel's link."""
    return f"${{__field.labels.{name}}}"


def _explore(uid: str, query: dict[str, str]) -> str:
    source = {"type": uid, "uid": uid}
    pane = {"datasource": uid, "queries": [{"refId": "A", "datasource": source, **query}], "range": _SHOWN_TIME}
    text = json.dumps({"shown": pane}, sort_keys=True, separators=(",", ":"))
    return f"/explore?schemaVersion=1&orgId=1&panes={quote(text, safe=_LITERAL)}"


TRACES = Link("Traces", traces())
LOGS = Link("Logs", records())
FAILED_TRACES = Link("Traces that failed", traces("status = error"))
EVERYWHERE = (TRACES, LOGS)
"""What every board links to."""
