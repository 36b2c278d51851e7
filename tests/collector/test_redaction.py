"""Canary secrets through the real processors: in every position that they reach, none comes out."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import yaml

from chaos.lab.programs import PROJECT
from collector import __main__ as command
from service.secret_forms import MASK, load_forms
from service.telemetry.documents import attribute_names
from service.telemetry.registry import load_registry
from tests.collector.local_collector import Collector
from tests.collector.otlp_fixtures import BYTES, GOLDEN, filled, lines, send

PATTERNS = load_forms()


def test_no_pattern_leaves_in_any_position(collector: Collector) -> None:
    examples = [pattern.example for pattern in PATTERNS]
    seen = {signal: json.dumps(collector.exported(signal, examples)) for signal in ("traces", "logs")}
    seen["metrics"] = collector.scraped(examples)
    for signal, text in seen.items():
        assert [example for example in examples if example in text] == [], signal
        assert "unknown-" not in text, signal
        assert BYTES not in text, signal
        assert f"before {MASK} after" in text, signal


def test_a_scrape_that_shows_nothing_proves_nothing(collector: Collector) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        replace(collector, metrics=f"{collector.metrics}/elsewhere").scrape()


def test_what_only_looks_like_a_secret_is_left_alone(collector: Collector) -> None:
    kept = [pattern.kept for pattern in PATTERNS]
    for signal in ("traces", "logs"):
        exported = collector.exported(signal, kept)
        untouched = [
            text for text, line in zip(kept, exported, strict=True) if f"before {text} after" in json.dumps(line)
        ]
        assert untouched == kept


def test_a_card_number_that_is_a_number_is_masked(collector: Collector) -> None:
    body = filled("traces", "x").replace('"intValue": "503"', '"intValue": "4242424242424242"')
    send(collector.otlp, "traces", body)
    assert "4242424242424242" not in json.dumps(lines(collector.folder / "traces.jsonl", 1))


@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_the_rest_comes_out_as_it_came_in(collector: Collector, signal: str) -> None:
    (exported,) = collector.exported(signal, [PATTERNS[0].example])
    assert exported == json.loads((GOLDEN / f"{signal}.json").read_text())


def test_metrics_come_out_with_their_exemplars(collector: Collector) -> None:
    scraped = collector.scraped([PATTERNS[0].example])
    (bucket,) = [line for line in scraped.splitlines() if 'le="1.0"' in line]
    ((labels, value),) = re.findall(r"# \{(.*)\} (\S+)", bucket)
    assert value == "0.3"
    # The exporter writes an exemplar's labels in the order of a Go map: any.
    assert set(labels.split(",")) == {
        'trace_id="5b8efff798038103d269b633813fc60c"',
        'span_id="eee19b7ec3c1b174"',
    }
    assert "user_password" not in scraped


def test_the_allow_list_is_the_registrys() -> None:
    (processor, _) = yaml.safe_load(command.GENERATED.read_text("utf-8"))["processors"].values()
    allowed = set(processor["allowed_keys"])
    assert allowed == attribute_names(load_registry()) | {"span.name", "span.kind", "status.code"}


def test_the_generated_file_is_current_and_the_check_can_say_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run([sys.executable, "-m", "collector", "--check"], cwd=PROJECT, timeout=30, check=False)
    assert done.returncode == 0
    stale = tmp_path / "redaction.yaml"
    stale.write_text(command.generated().replace("redact_all_types: true", "redact_all_types: false"))
    monkeypatch.setattr(command, "GENERATED", stale)
    assert command.main(["--check"]) == 1
    assert "is stale; run python -m collector" in capsys.readouterr().err
