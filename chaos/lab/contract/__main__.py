"""`make contract`: bring the lab up, use it, and compare what it emits with what is used."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
import yaml

from chaos.errors import GameDayError, LabError
from chaos.lab.contract import queueing
from chaos.lab.contract.judgement import Judgement, Labels, judge
from chaos.lab.contract.traffic import Caller
from chaos.lab.contract.uses import ALERTS, RULES, needs_of_project
from chaos.lab.programs import PROJECT
from chaos.lab.stack import Lab, LabOptions
from chaos.order import slo_of
from chaos.progress import Progress
from chaos.receiver import build_receiver
from chaos.run_folder import RunFolder
from service.telemetry.registry import load_registry

AT_MOST_SECONDS = 90.0
"""For everything to arrive: exports and scrapes are 5 s apart, the worker measures as often."""
LOOKBACK = "15s"
LIFETIME_SECONDS = 300.0


async def check(root: Path, progress: Progress) -> Judgement:
    """The last judgement: the first one that holds, or the one when the time is over.

    Raises LabError where the lab does not come up, or does not answer.
    """
    slo, policy = slo_of("api-availability", 1)
    folder = RunFolder(root)
    folder.make()
    rules = root / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": list(_groups())}))
    options = LabOptions(slo, policy, 1, 40.0, LIFETIME_SECONDS, rules=rules)
    lab = Lab(options, folder.lab, folder.rollbacks, build_receiver(folder, asyncio.Queue()))
    try:
        state = await lab.up(progress)
        await asyncio.to_thread(Caller(state.urls).exercise)
        await asyncio.to_thread(queueing.overfill, await queueing.start(lab, state.urls["otlp"]))
        return await asyncio.to_thread(_judge_until_it_holds, state.urls["prometheus"], progress)
    except requests.RequestException as error:
        raise LabError(f"the lab does not answer as it should: {error}") from error
    finally:
        await lab.down()


def _judge_until_it_holds(prometheus: str, progress: Progress) -> Judgement:
    registry = load_registry()
    found, until = needs_of_project(registry), time.monotonic() + AT_MOST_SECONDS
    while True:
        judgement = judge(found, _live(prometheus), registry)
        if judgement.holds or (time.monotonic() > until):
            return judgement
        progress(str(judgement))
        time.sleep(5)


def _live(prometheus: str) -> Sequence[Labels]:
    """The series that have a sample of the last few seconds; seeded history has none."""
    query = {"query": f'{{__name__!=""}}[{LOOKBACK}]'}
    answer = requests.get(f"{prometheus}/api/v1/query", params=query, timeout=30)
    answer.raise_for_status()
    series: list[dict[str, Any]] = answer.json()["data"]["result"]
    return [each["metric"] for each in series]


def _groups() -> Sequence[dict[str, Any]]:
    """Every rule and alert of the project, so that a broken one keeps Prometheus from starting."""
    groups: list[dict[str, Any]] = []
    for path in sorted(path for pattern in (RULES, ALERTS) for path in PROJECT.glob(pattern)):
        document = yaml.safe_load(path.read_text())
        if isinstance(document, dict):
            groups += document.get("groups") or []
    return groups


def main() -> int:
    """0 if the contract holds; 1 with one line for each breach; 3 if the lab does not come up or does not work."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            judgement = asyncio.run(check(Path(folder) / "run", Progress()))
        except GameDayError as error:
            print(f"contract: {error}", file=sys.stderr)
            return error.exit_code
    for name in judgement.orphans:
        print(f"contract: {name}: in the registry and in no rule, alert or panel", file=sys.stderr)
    for use in judgement.missing:
        label = f'{use.label}="{use.value}"' if use.value else use.label
        print(f"contract: {use.metric}{{{label}}}: used and not emitted", file=sys.stderr)
    print(judgement)
    return 0 if judgement.holds else 1


if __name__ == "__main__":
    sys.exit(main())
