"""Sessions that were ended before their time."""

from hashlib import sha256

from service.ledger import keys
from service.ledger.connection import Ledger, Operation


class BurntSessions:
    """Remembers them by their tokens' ids for as long as the tokens would be good; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def burn(self, token_id: str, seconds: int) -> None:
        await self._ledger.command(Operation.BURN_SESSION, "SET", _place(token_id), "1", "EX", str(seconds))

    async def holds(self, token_id: str) -> bool:
        return bool(await self._ledger.command(Operation.READ_SESSION, "EXISTS", _place(token_id)))


def _place(token_id: str) -> str:
    return keys.burnt_session(sha256(token_id.encode()).hexdigest())
