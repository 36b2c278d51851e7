"""`python -m deploy`: make the secrets of docker-compose.yml that nobody has to choose; what is there stays."""

import secrets
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.certificates import Authority, utc_now

FOLDER = Path(__file__).parent / "secrets"
TLS_HOSTS = ("agent", "gateway", "service", "prometheus")
_LENGTHS = {"api-key-secret": 96, "jwt-secret": 160, "redis-password": 64, "grafana-password": 32}
_SPECIAL = "-_.~"
"""Special characters that mean nothing to a shell, a URL or redis.conf."""
_CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, _SPECIAL)
_CHOSEN = ("stripe-secret-key", "stripe-webhook-secret")
"""Secrets that come from Stripe's dashboard."""


def main(folder: Path = FOLDER) -> int:
    """Write what is missing and say what a person must still put there: then exit 1."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path, content in _missing(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        # Containers read them under a user of their own; the folder keeps other users of this machine out.
        path.chmod(0o644)
        print(path)
    absent = [name for name in _CHOSEN if not (folder / name).exists()]
    for name in absent:
        print(f"deploy: {folder / name} is missing: put Stripe's there, without a newline", file=sys.stderr)
    return 1 if absent else 0


def password(length: int) -> str:
    """Random characters with at least one of each class."""
    alphabet = "".join(_CLASSES)
    while True:
        text = "".join(secrets.choice(alphabet) for _ in range(length))
        if text[0].isalnum() and all(set(one) & set(text) for one in _CLASSES):
            return text


def _missing(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for name, length in _LENGTHS.items():
        if not (folder / name).exists():
            text = password(length)
            yield folder / name, text.encode()
            if name == "redis-password":
                yield folder / "redis.conf", f"requirepass {text}\n".encode()
    if not (folder / "tls").exists():
        now = utc_now()
        authority = Authority.create(now)
        for host in TLS_HOSTS:
            for file, content in authority.issue(host, now).items():
                yield folder / "tls" / host / file, content


if __name__ == "__main__":
    sys.exit(main())
