"""What a load run is told through its environment, judged before anything is sent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MAX_RATE = 5000.0
MAX_TENANTS = 10_000
DEFAULT_TENANTS = "3"
"""An address may sign up ten times an hour unless the service is told otherwise."""


class SettingsError(ValueError):
    """A setting is wrong; the message names it and says what was expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One load run: where to, how fast (arrivals a second), for how many tenants, and where results go."""

    base_url: str
    rate: float
    seed: int
    out: Path
    tenants: int

    @classmethod
    def from_env(cls, env: Mapping[str, str], host: str | None) -> "Settings":
        """Read `LOAD_*` variables; `host` is Locust's --host. Raises SettingsError."""
        return cls(
            base_url=_base_url(host),
            rate=_rate(env.get("LOAD_RATE", "40")),
            seed=_integer("LOAD_SEED", env.get("LOAD_SEED", "1"), 0, 2**63 - 1),
            out=_folder(env.get("LOAD_OUT", "var/load")),
            tenants=_integer("LOAD_TENANTS", env.get("LOAD_TENANTS", DEFAULT_TENANTS), 1, MAX_TENANTS),
        )


def _base_url(host: str | None) -> str:
    parts = urlsplit(host or "")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(f"--host: {host!r}; expected the service's base URL, such as http://127.0.0.1:3002")
    return f"{parts.scheme}://{parts.netloc}"


def _rate(text: str) -> float:
    expected = f"expected arrivals a second, more than 0 and at most {MAX_RATE:g}"
    try:
        rate = float(text)
    except ValueError as error:
        raise SettingsError(f"LOAD_RATE: {text!r}; {expected}") from error
    if not math.isfinite(rate) or not 0 < rate <= MAX_RATE:
        raise SettingsError(f"LOAD_RATE: {text!r}; {expected}")
    return rate


def _integer(name: str, text: str, low: int, high: int) -> int:
    expected = f"expected a whole number from {low} to {high}"
    try:
        value = int(text)
    except ValueError as error:
        raise SettingsError(f"{name}: {text!r}; {expected}") from error
    if not low <= value <= high:
        raise SettingsError(f"{name}: {text!r}; {expected}")
    return value


def _folder(text: str) -> Path:
    path = Path(text)
    if not text.strip() or (path.exists() and not path.is_dir()):
        raise SettingsError(f"LOAD_OUT: {text!r}; expected a folder that exists or can be made")
    return path
