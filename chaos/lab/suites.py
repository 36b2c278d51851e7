"""Command `python -m chaos.lab.suites`: promtool plays the committed suites, and one of a native histogram."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.errors import GameDayError, LabError
from chaos.lab.programs import find
from slo.guarded import load_guarded
from slo.output import GENERATED
from slo.promtest import test_files
from slo.rules import rule_file, to_yaml

_SECONDS = 300
_NATIVE = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: native}
spec:
  service: shop
  indicator:
    spec:
      thresholdMetric:
        metricSource: {type: Prometheus, spec: {native: true, histogram: 'request_seconds{job="shop"}'}}
  budgetingMethod: Occurrences
  objectives: [{target: 0.99, op: lte, value: 0.3}]
"""


def main() -> int:
    """Play all of them: 0 where all pass, 1 where one fails."""
    try:
        suites = sorted(GENERATED.glob("*.test.yaml"))
        failed = _failed(find("promtool"), suites)
        with tempfile.TemporaryDirectory() as folder:
            native = list(_native(Path(folder)))
            failed += _failed(find("promtool-3"), native)
    except GameDayError as error:
        print(f"slo-test: {error}", file=sys.stderr)
        return error.exit_code
    print(f"suites={len(suites)} native_suites={len(native)} failed={failed}")
    return 1 if failed or not suites or not native else 0


def _native(folder: Path) -> Iterator[Path]:
    """The suites of a native histogram: no objective of the service has one, and promtool 2 cannot read them."""
    specs = folder / "native.yaml"
    specs.write_text(_NATIVE)
    for entry in load_guarded([specs]):
        rules = folder / "native.rules.yaml"
        rules.write_text(to_yaml(rule_file(entry.slo, entry.policy)))
        for end, document in test_files(entry.slo, entry.policy, rules.name).items():
            suite = folder / f"native.{end}.yaml"
            suite.write_text(to_yaml(document))
            yield suite


def _failed(promtool: Path, suites: Sequence[Path]) -> int:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(lambda suite: _passes(promtool, suite), suites))
    return passed.count(False)


def _passes(promtool: Path, suite: Path) -> bool:
    try:
        done = subprocess.run(
            [promtool, "test", "rules", suite], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{suite.name} took longer than {_SECONDS} s") from error
    print(f"{suite.name}: {'passes' if done.returncode == 0 else done.stdout + done.stderr}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
