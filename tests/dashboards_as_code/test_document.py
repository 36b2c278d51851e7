"""The finished JSON: what Grafana and its dashboard-linter expect of it."""

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from dashboards_as_code import compat, output, variables, vocabulary
from dashboards_as_code.errors import StyleError
from dashboards_as_code.model import Board
from dashboards_as_code.sources import Sources

TEMPLATED = {"type": "prometheus", "uid": "${prometheus_datasource}"}

WITHOUT_THRESHOLDS = {"latency", "errors"}

Document = dict[str, Any]


def panels(document: Document) -> list[Document]:
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def values(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return [leaf for value in part.values() for leaf in values(value)]
    return [leaf for value in part for leaf in values(value)] if isinstance(part, list) else [part]


def test_the_head(gameday: Document) -> None:
    head = {key: gameday[key] for key in ("uid", "title", "schemaVersion", "editable")}

    assert head == {"uid": "gameday", "title": "GameDay", "schemaVersion": 41, "editable": False}


def test_the_text_is_sorted_and_ends_in_one_newline(document: Document) -> None:
    text = compat.to_json(document)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_nothing_says_null_in_letters(document: Document) -> None:
    assert "null" not in values(document)


def test_null_stands_only_at_the_base_of_thresholds(document: Document) -> None:
    bases = [step for panel in panels(document) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][:1]]

    assert [step["value"] for step in bases] == [None] * len(bases)
    assert values(document).count(None) == len(bases)
    assert bases or document["uid"] in WITHOUT_THRESHOLDS


def test_no_panels_overlap_and_none_leaves_the_grid(document: Document) -> None:
    def cells(panel: Document) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

    taken = [cells(panel) for panel in document["panels"]]

    assert all(one.isdisjoint(other) for one, other in itertools.combinations(taken, 2))
    assert {x for panel in taken for x, _ in panel} == set(range(24))


def test_a_panel_keeps_its_id_when_others_come_and_go(gameday: Document, built: tuple[Board, ...]) -> None:
    board = next(each for each in built if each.uid == "gameday")
    shortened = output.documents([replace(board, rows=board.rows[:1:-1])])["gameday.json"]
    ids = {panel["title"]: panel["id"] for panel in gameday["panels"]}
    kept = {panel["title"]: panel["id"] for panel in shortened["panels"]}

    assert len(set(ids.values())) == len(gameday["panels"])
    assert kept == {title: ids[title] for title in kept}
    assert 1 < len(kept) < len(ids)


def test_panels_of_one_title_are_refused() -> None:
    class Twins:
        def to_json_data(self) -> Document:
            row = {"title": "Twin", "type": "row", "collapsed": False, "panels": [], "gridPos": {}}
            return {"uid": "test", "templating": {"list": []}, "panels": [row, row]}

    with pytest.raises(StyleError, match="share an id"):
        compat.finalise(Twins())


def test_every_panel_has_title_description_and_unit(document: Document) -> None:
    for panel in panels(document):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["type"] in {"timeseries", "stat", "state-timeline", "heatmap"}


def test_every_panel_and_query_asks_the_chosen_data_source(document: Document) -> None:
    for panel in panels(document):
        assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [TEMPLATED] * (
            len(panel["targets"]) + 1
        )
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_heatmaps_draw_buckets_with_exemplars_that_the_data_source_opens(latency: Document) -> None:
    heatmaps = [panel for panel in panels(latency) if panel["type"] == "heatmap"]

    assert len(heatmaps) == 3
    for panel in heatmaps:
        (target,) = panel["targets"]
        assert (target["format"], target["exemplar"]) == ("heatmap", True)
        assert vocabulary.mentions(target["expr"]).labels == {"le"}
        assert panel["options"]["calculate"] is False
        assert panel["options"]["exemplars"]["color"]
        assert panel["options"]["yAxis"]["unit"] == panel["fieldConfig"]["defaults"]["unit"] == "s"


def test_variables_are_as_the_linter_wants_them(document: Document, known: Sources) -> None:
    source, *labels = document["templating"]["list"]

    assert [source[key] for key in ("name", "label", "type", "query")] == [
        "prometheus_datasource",
        "Prometheus data source",
        "datasource",
        "prometheus",
    ]
    assert [(variable["name"], variable["label"]) for variable in labels] == [("job", "Job"), ("instance", "Instance")]
    for variable in labels:
        assert [variable[key] for key in ("multi", "includeAll", "allValue", "refresh")] == [True, True, ".+", 2]
        assert variable["datasource"] == TEMPLATED
        selector, _, label = variable["query"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
        assert label == variable["name"]
        assert list(vocabulary.problems(selector, known.vocabulary())) == []


def test_every_service_metric_is_filtered_by_the_chosen_jobs_and_instances(document: Document) -> None:
    recorded = ("slo:", "ALERTS", "gameday_")
    for panel in panels(document):
        for target in panel["targets"]:
            for metric, labels in vocabulary.mentions(target["expr"]).selected:
                assert metric.startswith(recorded) or labels >= {variables.JOB, variables.INSTANCE}, target["expr"]


def test_every_rate_is_over_the_rate_interval(document: Document) -> None:
    exprs = [target["expr"] for panel in panels(document) for target in panel["targets"]]
    ranges = [expr.count("[") for expr in exprs]

    assert sum(ranges) >= 8 or document["uid"].startswith("slo-")
    assert ranges == [expr.count("[$__rate_interval]") for expr in exprs]


def test_the_boards_link_to_each_other_by_the_tag_that_all_carry(documents: dict[str, Document]) -> None:
    for document in documents.values():
        (link,) = (each for each in document["links"] if each["type"] == "dashboards")
        assert all(set(link["tags"]) <= set(other["tags"]) for other in documents.values())


def test_every_board_marks_pages_deploys_and_experiments_by_what_exists(document: Document, known: Sources) -> None:
    marks = {mark["name"]: mark for mark in document["annotations"]["list"]}

    assert list(marks) == ["Pages", "Deploys", "Experiments"]
    for mark in marks.values():
        assert mark["datasource"] == TEMPLATED
        assert list(vocabulary.problems(mark["expr"], known.vocabulary())) == []
