"""Sign-ups that wait for their e-mail address to be confirmed."""

import json
from dataclasses import asdict
from hashlib import sha256

from service.domain.tenant import Application, Plan
from service.ledger import keys
from service.ledger.connection import Ledger, Operation

LIFETIME_SECONDS = 24 * 3600


class PendingSignups:
    """Keeps each application under the digest of its token's id; raises LedgerUnavailableError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def keep(self, token_id: str, application: Application) -> None:
        """Keep it for LIFETIME_SECONDS; it is written as a whole, so that nothing of it stays for ever."""
        place, text = keys.pending_signup(_digest(token_id)), json.dumps(asdict(application))
        await self._ledger.command(Operation.KEEP_PENDING, "SET", place, text, "EX", str(LIFETIME_SECONDS))

    async def read(self, token_id: str) -> Application | None:
        """None if it is not there, or no longer."""
        text = await self._ledger.command(Operation.READ_PENDING, "GET", keys.pending_signup(_digest(token_id)))
        return _application(text) if text else None

    async def drop(self, token_id: str) -> None:
        await self._ledger.command(Operation.DROP_PENDING, "DEL", keys.pending_signup(_digest(token_id)))


def _digest(token_id: str) -> str:
    return sha256(token_id.encode()).hexdigest()


def _application(text: str) -> Application:
    fields = json.loads(text)
    return Application(fields["name"], fields["email"], Plan(fields["plan"]))
