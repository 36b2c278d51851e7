"""Command `python -m tests.security.outdated`: packages of the environment of which the registry has newer versions."""

import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.security.audit import LOCK, PLANTED, UNCHECKED, locked

SECONDS = 300
_PLANTED_VERSION = "2.6"
"""Not the last one, and there will be no other: a registry that has no newer one was not asked."""


def newer(folders: Sequence[Path]) -> list[dict[str, Any]] | None:
    """What pip finds outdated among the packages in folders; None if the registry could not be asked.

    pip says nothing of a registry that it may not ask or that refuses, so that an outdated package is planted beside.
    """
    with tempfile.TemporaryDirectory() as planted:
        _plant(Path(planted))
        command = [sys.executable, "-m", "pip", "list", "--outdated", "--format=json", "--disable-pip-version-check"]
        command += [part for folder in (*folders, planted) for part in ("--path", str(folder))]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            found: list[dict[str, Any]] = json.loads(run.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return None
    others = [one for one in found if canonicalize_name(one["name"]) != PLANTED]
    is_doubtful = run.returncode or "retrying" in run.stderr.lower() or len(others) == len(found)
    return None if is_doubtful else others


def _plant(folder: Path) -> None:
    metadata = folder / f"{PLANTED}-{_PLANTED_VERSION}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {PLANTED}\nVersion: {_PLANTED_VERSION}\n")


def main() -> int:
    """0 with the list, which is news and no fault; 3 if the registry could not be asked."""
    found = newer(sorted({Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}))
    if found is None:
        print("security-check: the registry could not be asked; nothing was checked")
        return UNCHECKED
    names = {canonicalize_name(name) for name in locked(LOCK.read_text())}
    own = [one for one in found if canonicalize_name(one["name"]) in names]
    for one in own:
        print(f"{one['name']:<32} {one['version']:<14} -> {one['latest_version']}")
    print(f"packages={len(names)} outdated={len(own)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
