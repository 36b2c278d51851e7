"""The same objectives for both generators, the rules that they make of them, and the time that takes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import LabError
from chaos.lab.comparison.store import STEP_SECONDS
from slo.model import Window

TOTAL, ERRORS = "http_requests_total", "http_errors_total"
OBJECTIVE = "0.999"
POLICY = "workbook"
_SECONDS = 120

_SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n"
_SLOTH_HEAD = "version: prometheus/v1\nservice: shop\nslos:\n"
_OPENSLO = """---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: shop
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{errors}{{job="{name}"}}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: '{total}{{job="{name}"}}'}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {objective}}}]
  alertPolicies: [{{alertPolicyRef: {policy}}}]
"""
_SLOTH = """  - name: {name}
    objective: 99.9
    sli:
      events:
        error_query: sum(rate({errors}{{job="{name}"}}[{{{{.window}}}}]))
        total_query: sum(rate({total}{{job="{name}"}}[{{{{.window}}}}]))
    alerting:
      name: {name}
      page_alert: {{labels: {{severity: page}}}}
      ticket_alert: {{labels: {{severity: ticket}}}}
"""


@dataclass(frozen=True)
class Rule:
    """One rule of a generated file: `record` is the series that it writes, None for an alert."""

    slo: str
    record: str | None
    expression: str
    labels: dict[str, str]
    interval_seconds: int

    def selector(self, *labels: str) -> str:
        """How other rules name the series that this one writes."""
        return f"{self.record}{{" + ",".join(f'{label}="{self.labels[label]}"' for label in labels) + "}"


@dataclass(frozen=True)
class Side:
    """A generator: how it is called, and the label that tells its SLOs apart."""

    name: str
    argv: tuple[str, ...]
    slo_label: str

    def rules(self, files: Iterable[Path]) -> list[Rule]:
        """The rules of its files, each after the ones that it reads."""
        documents = (yaml.load(path.read_text(), yaml.CSafeLoader) for path in files)
        groups = (group for document in documents for group in document["groups"])
        return [self._rule(rule, _seconds(group.get("interval"))) for group in groups for rule in group["rules"]]

    def _rule(self, rule: dict[str, Any], interval_seconds: int) -> Rule:
        labels = {name: str(value) for name, value in rule.get("labels", {}).items()}
        alert = rule.get("alert", "")
        slo = labels.get(self.slo_label) or _quoted(rule["expr"], self.slo_label) or alert
        return Rule(slo, rule.get("record"), rule["expr"], labels, interval_seconds)

    def generate(self) -> float:
        """Run the generator; the seconds that it took. A LabError with its words where it refuses."""
        began = time.perf_counter()
        done = subprocess.run(self.argv, capture_output=True, text=True, check=False, timeout=_SECONDS)
        took = time.perf_counter() - began
        if done.returncode != 0:
            raise LabError(f"{self.name} refused its input: {(done.stderr or done.stdout).strip()[-300:]}")
        return took


def many(names: Sequence[str], folder: Path, ours: Path, sloth: Path) -> tuple[Side, Side]:
    """Both generators for one file an SLO; ours without the tests, which Sloth does not make."""
    specs, inputs = folder / "openslo", folder / "sloth"
    for made in (specs, inputs, folder / "out-sloth"):
        made.mkdir(parents=True)
    (specs / "service.yaml").write_text(_SERVICE)
    for name in names:
        (specs / f"{name}.yaml").write_text(_filled(_OPENSLO, [name]))
        (inputs / f"{name}.yaml").write_text(_SLOTH_HEAD + _filled(_SLOTH, [name]))
    files = [str(path) for path in sorted(specs.iterdir())]
    return (
        Side("slo", (str(ours), "generate", "--rules-only", "--out", str(folder / "out-slo"), *files), "slo"),
        Side("sloth", (str(sloth), "generate", "-i", str(inputs), "-o", str(folder / "out-sloth")), "sloth_slo"),
    )


def ours(names: Sequence[str], folder: Path, command: Path) -> tuple[Side, Path]:
    """Our generator for these SLOs, and the folder that it writes to."""
    folder.mkdir(parents=True, exist_ok=True)
    spec, out = folder / "openslo.yaml", folder / "ours"
    spec.write_text(_SERVICE + _filled(_OPENSLO, names))
    return Side("slo", (str(command), "generate", "--out", str(out), str(spec)), "slo"), out


def sloth(names: Sequence[str], folder: Path, command: Path) -> tuple[Side, Path]:
    """Sloth for the same SLOs, and the file that it writes."""
    folder.mkdir(parents=True, exist_ok=True)
    spec, out = folder / "sloth.yaml", folder / "sloth.rules.yaml"
    spec.write_text(_SLOTH_HEAD + _filled(_SLOTH, names))
    return Side("sloth", (str(command), "generate", "-i", str(spec), "-o", str(out)), "sloth_slo"), out


def _seconds(interval: str | None) -> int:
    """A group's interval; a minute where it leaves it to Prometheus, or asks for less."""
    return max(STEP_SECONDS, Window(interval).seconds) if interval else STEP_SECONDS


def _filled(template: str, names: Sequence[str]) -> str:
    facts = {"errors": ERRORS, "total": TOTAL, "objective": OBJECTIVE, "policy": POLICY}
    return "".join(template.format(name=name, **facts) for name in names)


def _quoted(expression: str, label: str) -> str | None:
    """The value that an expression compares a label with."""
    _, found, rest = expression.partition(f'{label}="')
    return rest.partition('"')[0] if found else None
