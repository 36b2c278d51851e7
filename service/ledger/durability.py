"""Whether the server behind the ledger keeps what it has acknowledged."""

from collections.abc import Mapping

from service.errors import LedgerUnavailableError
from service.ledger.connection import Ledger, Operation

_REQUIRED_SETTINGS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


async def answers(ledger: Ledger) -> bool:
    """True if the server answers at all."""
    try:
        return bool(await ledger.command(Operation.CHECK, "PING"))
    except LedgerUnavailableError:
        return False


async def is_durable(ledger: Ledger) -> bool:
    """True if the server is a writable primary that syncs every write to disk and never evicts."""
    try:
        settings = await ledger.command(Operation.CHECK, "CONFIG GET", *_REQUIRED_SETTINGS)
        state = await ledger.command(Operation.CHECK, "INFO")
    except LedgerUnavailableError:
        return False
    return _settings_hold(settings) and _state_holds(state)


def _settings_hold(settings: Mapping[str, str]) -> bool:
    return all(settings.get(name) == wanted for name, wanted in _REQUIRED_SETTINGS.items())


def _state_holds(state: Mapping[str, object]) -> bool:
    return state.get("role") == "master" and state.get("aof_last_write_status") == "ok" and not state.get("loading")
