"""The generated files: what they hold, and which of those on disk hold something else."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from slo import workers
from slo.errors import SloError
from slo.guarded import Guarded
from slo.rules import rule_file, to_yaml
from slo.wrapping import FORMATS

GENERATED = Path(__file__).parent / "generated"


def generate(
    guarded: Sequence[Guarded],
    scale: int,
    *,
    tests: bool = True,
    wanted: str = "prometheus",
    processes: int | None = None,
) -> dict[str, str]:
    """Texts by file name: the rules of each SLO and, at scale 1 and where they are wanted, their tests.

    `wanted` is the format of the rules; tests are made for Prometheus' own alone. Many SLOs are shared out to as many
    `processes`, by default to one for each core.
    """
    make = partial(_files, scale=scale, tests=tests, wanted=wanted)
    return {name: text for part in workers.mapped(make, guarded, processes) for name, text in part.items()}


def _files(guarded: Sequence[Guarded], *, scale: int, tests: bool, wanted: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for entry in guarded:
        slo, policy = entry.slo, entry.policy
        rules = f"{slo.name}.rules.yaml"
        files[rules] = to_yaml(FORMATS[wanted](slo, rule_file(slo, policy, scale)))
        if scale == 1 and tests and wanted == "prometheus":
            files |= {f"{slo.name}.{end}.yaml": to_yaml(document) for end, document in _tests(entry, rules).items()}
    return files


def _tests(entry: Guarded, rules: str) -> dict[str, dict[str, Any]]:
    # What makes tests is loaded where some are asked for: it takes as long as reading dozens of SLOs.
    from slo.promtest import test_files  # noqa: PLC0415

    return test_files(entry.slo, entry.policy, rules)


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Write the files, and make the directory where there is none; a SloError where that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SloError(f"{error.filename}: {error.strerror}; expected a directory to write to") from error


def stale(directory: Path, files: Mapping[str, str], *, complete: bool) -> list[str]:
    """A line for each file that is not as generated; where `files` is `complete`, also for any other there."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.yaml"))}
    missing = [f"{directory / name} is missing: run slo generate" for name in files if name not in found]
    differing = [
        f"{directory / name} is stale: run slo generate"
        for name, text in files.items()
        if found.get(name, text) != text
    ]
    orphans = [f"{directory / name} belongs to no spec: delete it" for name in found if name not in files]
    return [*missing, *differing, *(orphans if complete else [])]
