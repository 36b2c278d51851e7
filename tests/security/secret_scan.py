"""Command `python -m tests.security.secret_scan`: no secret stands in a file that is committed.

Knows our API keys by their checksum, Stripe's keys, webhook secrets and private keys. Made-up values are named one by
one in allowed_secrets.txt.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.domain.api_key import API_KEY_PATTERN, parse

ALLOWED = Path(__file__).with_name("allowed_secrets.txt")
PATTERNS = {
    "API key": re.compile(rf"(?<![0-9A-Za-z_]){API_KEY_PATTERN}"),
    "Stripe key": re.compile(r"(?<![0-9A-Za-z])[sr]k_(?:live|test)_[0-9A-Za-z]{8,}"),
    "webhook secret": re.compile(r"(?<![0-9A-Za-z])whsec_[0-9A-Za-z+/=]{16,}"),
    "private key": re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"),
}


@dataclass(frozen=True)
class Finding:
    """Shown without the secret itself."""

    path: str
    line: int
    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind} {self.value[:8]}..."


def scan(path: str, content: str) -> Iterator[Finding]:
    """Yield what looks like a secret; an API key only if its checksum is right."""
    for number, line in enumerate(content.splitlines(), start=1):
        for kind, pattern in PATTERNS.items():
            for found in pattern.findall(line):
                if kind != "API key" or parse(found) is not None:
                    yield Finding(path, number, kind, found)


def allowed() -> frozenset[str]:
    lines = ALLOWED.read_text().splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def committed() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True)  # noqa: S607
    return [path for name in names.stdout.split("\0") if name and (path := Path(name)).is_file()]


def main() -> int:
    """0 if nothing is found, 1 if something is, 2 if there was nothing to look at."""
    paths, named = committed(), allowed()
    found = [
        one
        for path in paths
        if path != ALLOWED
        for one in scan(str(path), path.read_bytes().decode(errors="replace"))
        if one.value not in named
    ]
    print("\n".join([*map(str, found), f"files={len(paths)} secrets={len(found)}"]))
    if len(paths) == 0:
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
