"""`python -m service.telemetry`: write what is made of the registry, or with `--check` say what is out of date."""

import argparse
import sys
from pathlib import Path

from service.telemetry.documents import documents
from service.telemetry.registry import RegistryError, load_registry

_PROJECT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None, project: Path = _PROJECT) -> int:
    """Exit status: 1 if something is out of date, 2 if the registry is malformed."""
    parser = argparse.ArgumentParser(prog="python -m service.telemetry", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check = parser.parse_args(arguments).check
    try:
        made = documents(load_registry())
    except RegistryError as error:
        print(f"telemetry: {error}", file=sys.stderr)
        return 2
    stale = [path for path, text in made.items() if not _holds(project / path, text)]
    for path in stale:
        if check:
            print(f"telemetry: {path} is out of date; run python -m service.telemetry", file=sys.stderr)
        else:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(made[path], "utf-8")
    print(f"files={len(made)} {'stale' if check else 'written'}={len(stale)}")
    return 1 if check and stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
