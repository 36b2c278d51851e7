"""What somebody needs to try a running development stack: a demo tenant, where things are, the first requests."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import aiohttp

from chaos.errors import LabError

_DEMO = {"name": "Demo", "email": "demo@example.com", "plan": "starter"}
_SECONDS = 15.0


@dataclass(frozen=True)
class DevCard:
    """Written as JSON for programs and as variables for a shell."""

    base_url: str
    tenant_id: str
    api_key: str
    webhook_secret: str
    stripe_sandbox_url: str

    def write(self, path: Path) -> None:
        """Write `<path>.json` and `<path>.env`, for the owner's eyes alone."""
        fields = asdict(self)
        _write_private(path.with_suffix(".json"), json.dumps(fields, indent=1) + "\n")
        lines = (f"{name.upper()}={shlex.quote(value)}\n" for name, value in fields.items())
        _write_private(path.with_suffix(".env"), "".join(lines))


async def open_tenant(base_url: str) -> tuple[str, str]:
    """Sign a demo tenant up as anybody would; return its id and API key. LabError if that does not work."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(base_url, timeout=timeout) as session,
            session.post("/tenants", json=_DEMO) as response,
        ):
            answer = await response.json(content_type=None)
            if response.status != 201:
                raise LabError(f"the demo tenant was refused with {response.status}: {answer}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise LabError(f"the demo tenant could not be opened: {error!r}") from error
    return answer["tenant_id"], answer["api_key"]


def first_requests() -> list[str]:
    """Three curl lines that work after `. <path>.env`; README shows the same ones."""
    return files("chaos.lab").joinpath("first_requests.sh").read_text("utf-8").splitlines()


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(text)
