"""The generated files: what they hold, and which of those on disk hold something else."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from slo.errors import SloError
from slo.guarded import Guarded
from slo.promtest import test_files
from slo.rules import rule_file, to_yaml
from slo.wrapping import FORMATS

GENERATED = Path(__file__).parent / "generated"


def generate(
    guarded: Iterable[Guarded], scale: int, *, tests: bool = True, wanted: str = "prometheus"
) -> dict[str, str]:
    """Texts by file name: the rules of each SLO and, at scale 1 and where they are wanted, their tests.

    `wanted` is the format of the rules; tests are made for Prometheus' own alone.
    """
    files: dict[str, str] = {}
    for entry in guarded:
        slo, policy = entry.slo, entry.policy
        rules = f"{slo.name}.rules.yaml"
        files[rules] = to_yaml(FORMATS[wanted](slo, rule_file(slo, policy, scale)))
        if scale == 1 and tests and wanted == "prometheus":
            made = test_files(slo, policy, rules)
            files |= {f"{slo.name}.{end}.yaml": to_yaml(document) for end, document in made.items()}
    return files


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
