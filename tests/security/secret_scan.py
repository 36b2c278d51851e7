"""Command `python -m tests.security.secret_scan`: no secret stands in a file that is committed.

Knows our API keys by their checksum, Stripe's keys, webhook secrets and private keys. Made-up values are named one by
one in allowed_secrets.txt. With `--history` every version of every file that was ever committed is looked at.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
    return [path for name in _git("ls-files", "-z").decode().split("\0") if name and (path := Path(name)).is_file()]


def past() -> Iterator[tuple[str, str]]:
    """Yield every version of every file that any commit of any branch holds, by `path@blob`."""
    listed = _git("rev-list", "--objects", "--all").decode(errors="replace").splitlines()
    named = dict(line.split(" ", 1) for line in listed if " " in line)
    command = ["git", "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        for blob, path in named.items():
            git.stdin.write(f"{blob}\n".encode())
            git.stdin.flush()
            _, kind, size = git.stdout.readline().split()
            content = git.stdout.read(int(size) + 1)
            if kind == b"blob":
                yield f"{path}@{blob[:12]}", content.decode(errors="replace")


def present() -> Iterator[tuple[str, str]]:
    """Yield the committed files as they stand in the work tree."""
    for path in committed():
        yield str(path), path.read_bytes().decode(errors="replace")


def main(arguments: Sequence[str] = ()) -> int:
    """0 if nothing is found, 1 if something is, 2 if there was nothing to look at."""
    named, looked_at, found = allowed(), 0, []
    for path, content in past() if "--history" in arguments else present():
        looked_at += 1
        if path.partition("@")[0] != "tests/security/allowed_secrets.txt":
            found += [one for one in scan(path, content) if one.value not in named]
    print("\n".join([*map(str, found), f"files={looked_at} secrets={len(found)}"]))
    if looked_at == 0:
        return 2
    return 1 if found else 0


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout  # noqa: S607


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
