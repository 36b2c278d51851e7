"""The generated files: written by `build`, compared by `build --check`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dashboards_as_code import compat, style
from dashboards_as_code.errors import UsageError
from dashboards_as_code.model import Board

GENERATED = Path(__file__).parent / "generated"

Documents = dict[str, dict[str, Any]]


def documents(boards: Iterable[Board]) -> Documents:
    """The JSON documents of the boards by file name."""
    return {f"{board.uid}.json": compat.finalise(style.dashboard(board)) for board in boards}


def write(files: Documents, directory: Path) -> Iterator[Path]:
    """Write each document into the directory, which is made where it is missing; yields what was written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, document in files.items():
            path = directory / name
            path.write_text(compat.to_json(document), encoding="utf-8")
            yield path
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}; expected a directory to write to") from error


def drift(files: Documents, directory: Path) -> Iterator[str]:
    """One line for each file that is missing, differs from its sources, or has none."""
    for name, document in files.items():
        path = directory / name
        if not path.is_file():
            yield f"{path}: missing; expected the output of `dashboards build`"
        elif path.read_bytes() != compat.to_json(document).encode():
            yield f"{path}: differs from its sources; expected the output of `dashboards build`"
    for path in sorted(directory.glob("*.json")):
        if path.name not in files:
            yield f"{path}: no board generates it; expected only {', '.join(files)}"
