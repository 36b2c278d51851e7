"""`python -m deploy`: make the secrets of docker-compose.yml that nobody has to choose; what is there stays."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.certificates import FILES, Authority, utc_now
from service.config.generation import generate, random_secret
from service.config.secret_file import UnreadableError, read_secret_file
from service.config.strength import REDIS_PASSWORD

FOLDER = Path(__file__).parent / "secrets"
OPTIONAL = "optional"
"""Below the folder: the secrets that not everybody needs. Containers of the service see it."""
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
    """Write what is missing and say what a person must still put there or take away: then exit 1."""
    try:
        wrong = list(_complete(folder))
    except OSError as error:
        wrong = [f"{error.filename}: {error.strerror}; expected a file or folder of yours"]
    except UnreadableError as error:
        wrong = [f"{folder / 'redis-password'} must be one line of text: {error}"]
    for each in wrong:
        print(f"deploy: {each}", file=sys.stderr)
    return 1 if wrong else 0


def _complete(folder: Path) -> Iterator[str]:
    """Make what can be made; what is said of the rest."""
    _open(folder / OPTIONAL)
    folder.chmod(0o700)
    password, redis_conf = folder / "redis-password", folder / "redis.conf"
    if not password.is_file():
        redis_conf.unlink(missing_ok=True)  # it would hold another one
    for name, text in _passwords().items():
        if not (folder / name).is_file():
            _write(folder / name, text.encode())
    if not redis_conf.is_file():
        _write(redis_conf, _redis_conf(read_secret_file(str(password))))
    yield from _certificates(folder / "tls")
    for name, what in _CHOSEN.items():
        if not (folder / name).is_file():
            yield f"{folder / name} is missing: put {what} there, without a newline"


def _passwords() -> Mapping[str, str]:
    fresh = generate()
    made = {name: fresh[variable] for name, variable in _MADE.items()}
    return made | {"grafana-password": random_secret(REDIS_PASSWORD, _GRAFANA_LENGTH)}


def _redis_conf(password: str) -> bytes:
    """In quotes where a person chose characters that mean something to Redis."""
    if any(character in password for character in " \"'\\"):
        password = '"' + password.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"requirepass {password}\n".encode()


def _certificates(tls: Path) -> Iterator[str]:
    """All of one authority, whose key is not kept: none can be added to those that are there."""
    needed = [tls / host / name for host in TLS_HOSTS for name in FILES]
    missing = [path for path in needed if not path.is_file()]
    # Docker leaves empty folders where it found none.
    if not any(path.is_file() for path in tls.rglob("*")):
        _issue(tls)
    elif missing:
        names = ", ".join(str(path.relative_to(tls)) for path in missing)
        yield f"{tls} lacks {names}: move it away and run this again, then recreate every container"


def _issue(tls: Path) -> None:
    """All or none is there, whenever it is interrupted."""
    part, now = tls.with_name("tls.part"), utc_now()
    shutil.rmtree(part, ignore_errors=True)
    authority = Authority.create(now)
    for host in TLS_HOSTS:
        _open(part / host)
        for name, content in authority.issue(host, now).items():
            _write(part / host / name, content, tls / host / name)
    if tls.exists():
        shutil.rmtree(tls)
    part.rename(tls)


def _open(folder: Path) -> None:
    """Containers read below under a user of their own; the folder above keeps other users of this machine out."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def _write(path: Path, content: bytes, told: Path | None = None) -> None:
    """The whole file or none."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.chmod(0o644)
    part.replace(path)
    print(told or path)


if __name__ == "__main__":
    sys.exit(main())
