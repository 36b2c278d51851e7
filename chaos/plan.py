"""How long each step of the experiment may take, written where the experiment's probes can read it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.experiment import Contract
from chaos.prediction import Prediction

_GRACE_SECONDS = 20.0
"""Programs that restart, on a busy machine."""


@dataclass(frozen=True)
class Plan:
    """Deadlines of the experiment's waits, in seconds, and what its probes must know of the contract."""

    alert: str
    severity: str
    long_window: str
    also: tuple[str, ...]
    good_requests: int
    page_seconds: float
    mitigation_seconds: float
    recovery_seconds: float
    resolve_seconds: float

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> Plan:
        return cls(**json.loads(path.read_text()))

    @property
    def total_seconds(self) -> float:
        """The longest that the method can take."""
        return self.page_seconds + self.mitigation_seconds + self.recovery_seconds + self.resolve_seconds


def plan_of(contract: Contract, prediction: Prediction) -> Plan:
    """A late page is still waited for, so that it is measured as late; a missing one is given up on."""
    return Plan(
        alert=contract.alert,
        severity=contract.severity,
        long_window=contract.long_window,
        also=contract.also,
        good_requests=contract.good_requests,
        page_seconds=2 * prediction.latest_seconds + _GRACE_SECONDS / 2,
        mitigation_seconds=_GRACE_SECONDS,
        recovery_seconds=_GRACE_SECONDS,
        resolve_seconds=2 * prediction.reset_seconds + _GRACE_SECONDS,
    )
