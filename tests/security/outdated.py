"""Command `python -m tests.security.outdated`: packages of the environment of which the registry has newer versions."""

import json
import subprocess
import sys
from pathlib import Path

from tests.security.audit import UNCHECKED, locked

SECONDS = 300


def main() -> int:
    """0 with the list, which is news and no fault; 3 if the registry could not be asked."""
    command = [sys.executable, "-m", "pip", "list", "--outdated", "--format=json", "--disable-pip-version-check"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        newer = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        newer = None
    # pip says nothing of a registry that it cannot reach, but that it warns on the way.
    if newer is None or run.returncode or "retrying" in run.stderr.lower():
        print("security-check: the registry could not be asked; nothing was checked")
        return UNCHECKED
    names = locked(Path("requirements.lock").read_text())
    own = [one for one in newer if one["name"].lower() in names]
    for one in own:
        print(f"{one['name']:<32} {one['version']:<14} -> {one['latest_version']}")
    print(f"packages={len(names)} outdated={len(own)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
