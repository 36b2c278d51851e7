"""Which workers are alive, as they say themselves."""

from service.ledger import keys
from service.ledger.connection import Ledger, Operation
from service.ledger.scripts import load_script


class Roster:
    """Raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._join = load_script("join_workers")

    async def meet(self, worker: str, seconds: float) -> list[str]:
        """Say that the worker is alive for so long, and return the names of all that are, sorted."""
        names = await self._ledger.script(
            Operation.JOIN_WORKERS, self._join, [keys.WORKERS], [worker, int(seconds * 1000)]
        )
        return sorted(names)

    async def leave(self, worker: str) -> None:
        await self._ledger.command(Operation.LEAVE_WORKERS, "ZREM", keys.WORKERS, worker)
