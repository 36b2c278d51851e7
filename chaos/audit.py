"""The ledger audit: what the clients were promised against what the ledger holds, by the service's own command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import LabError
from chaos.lab.parts import billing
from chaos.lab.processes import Command
from chaos.lab.stack import Lab

_SECONDS = 60.0


@dataclass(frozen=True)
class Audit:
    """Counts of distinct usage events; `unacknowledged` ones were counted though no client heard so."""

    acknowledged: int
    lost: int
    doubled: int
    unacknowledged: int
    counter_mismatches: int

    @property
    def is_clean(self) -> bool:
        """Every acknowledged event is there once, and there was at least one."""
        return self.acknowledged > 0 and not (self.lost or self.doubled or self.counter_mismatches)


async def audit_ledger(lab: Lab, acknowledged: Path, environment: Mapping[str, str]) -> Audit:
    """Run `billing audit` straight against the lab's Redis; LabError with its words if it could not say."""
    log = lab.folder / "audit.json"
    argv = (billing(), "audit", "--acknowledged", str(acknowledged), "--no-stripe", "--output", "json")
    running = await lab.start_command(Command("audit", argv, log, environment, ends=True))
    code = await running.wait(_SECONDS)
    await running.stop()
    if code not in (0, 1):
        raise LabError(f"billing audit ended with {code}: {await asyncio.to_thread(log.read_text)}")
    document = json.loads(await asyncio.to_thread(log.read_text))
    return Audit(**{name: int(document[name]) for name in Audit.__dataclass_fields__})
