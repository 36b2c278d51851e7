"""`python -m deploy`: make the secrets of docker-compose.yml that nobody has to choose; what is there stays."""

import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.certificates import Authority, utc_now
from service.config.generation import generate, random_secret
from service.config.strength import REDIS_PASSWORD

FOLDER = Path(__file__).parent / "secrets"
TLS_HOSTS = ("agent", "gateway", "service", "prometheus")
_MADE = {"api-key-secret": "API_KEY_SECRET", "jwt-secret": "JWT_SECRET", "redis-password": "REDIS_PASSWORD"}
_GRAFANA_LENGTH = 32
_CHOSEN = {
    "stripe-secret-key": "the key from Stripe's dashboard",
    "stripe-webhook-secret": "the webhook's signing secret from Stripe's dashboard",
    "pages-url": "the URL that Alertmanager posts pages to",
    "tickets-url": "the URL that Alertmanager posts tickets to",
}


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
        print(f"deploy: {folder / name} is missing: put {_CHOSEN[name]} there, without a newline", file=sys.stderr)
    return 1 if absent else 0


def _missing(folder: Path) -> Iterator[tuple[Path, bytes]]:
    fresh = generate()
    made = {name: fresh[variable] for name, variable in _MADE.items()}
    made["grafana-password"] = random_secret(REDIS_PASSWORD, _GRAFANA_LENGTH)
    for name, text in made.items():
        if not (folder / name).exists():
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
