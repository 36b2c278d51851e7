"""A copy of the service with a mistake planted in it, to prove that the bench sees what that mistake loses.

The mistake is one that real systems have made: an event's id is claimed in one step and the event written in the next,
so that whoever dies between them has claimed what was never written.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from chaos.errors import LabError

_PLANTED = {
    "ledger/scripts/ingest.lua": ("  if claim then\n", "  if claim and claim ~= use.claim then\n"),
    "ledger/ingest.py": (
        """\
        request = UsageRequest(tenant_id, now, request_id, uses, current_context(self._tracer), CURRENT.get())
        return _intake(*await self._group.submit(keys.shard_of(tenant_id), request))
""",
        """        fresh = [
            use
            for use in uses
            if await self._ledger.command(Operation.INGEST, "HSETNX", use.claims, use.use_id, use.claim)
        ]
        request = UsageRequest(tenant_id, now, request_id, fresh, current_context(self._tracer), CURRENT.get())
        intake = _intake(*await self._group.submit(keys.shard_of(tenant_id), request))
        taken = iter(intake.outcomes)
        outcomes = tuple(next(taken) if use in fresh else Taken(Outcome.DUPLICATE) for use in uses)
        return replace(intake, outcomes=outcomes)
""",
    ),
}
_IMPORTS = ("from dataclasses import dataclass\n", "from dataclasses import dataclass, replace\n")


def claim_before_write(folder: Path) -> Path:
    """Make the mutated copy of the service in `folder` and return that; LabError if there is nothing to mutate."""
    target = folder / "service"
    shutil.copytree(Path(str(files("service"))), target, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (sound, mistaken) in _PLANTED.items():
        _replace(target / name, sound, mistaken)
    _replace(target / "ledger/ingest.py", *_IMPORTS)
    return folder


def _replace(path: Path, sound: str, mistaken: str) -> None:
    text = path.read_text()
    if text.count(sound) != 1:
        raise LabError(
            f"{path.name}: expected {sound.splitlines()[0].strip()!r} once; the mutation must follow the code"
        )
    path.write_text(text.replace(sound, mistaken))
