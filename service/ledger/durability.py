"""Whether the servers behind the ledger keep what they have acknowledged, and are fit for it at all."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redis.exceptions import ResponseError

from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.connection import Ledger, Operation

MINIMUM_VERSION = (7, 0)


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting of one server, in Redis' own words; ALLOW_VOLATILE_REDIS allows all that may be allowed."""

    address: str
    setting: str
    value: str
    expected: str
    may_be_allowed: bool = True

    def __str__(self) -> str:
        return f"redis {self.address}: {self.setting} is {self.value}; expected {self.expected}"


async def answers(ledger: Ledger) -> bool:
    """True if every server answers at all."""
    try:
        return all((await ledger.ask_all(Operation.CHECK, "PING")).values())
    except LedgerUnavailableError:
        return False


async def find_faults(ledger: Ledger) -> list[Fault]:
    """Everything that is wrong with the servers; raises LedgerUnavailableError where one does not answer yet."""
    states = await ledger.ask_all(Operation.CHECK, "INFO")
    if any(state.get("loading") for state in states.values()):
        raise LedgerUnavailableError("The ledger is still loading")
    syncs = await _read_syncs(ledger)
    return [fault for address, state in states.items() for fault in judge(address, state, syncs.get(address))]


async def find_obstacles(ledger: Ledger) -> list[Fault]:
    """The same, and a ledger that is there in part only."""
    faults = await find_faults(ledger)
    if await ledger.command(Operation.CHECK, "EXISTS", keys.REPLAY):
        expected = "a finished one: delete the data and replay anew"
        faults.append(Fault(keys.REPLAY, "a replay", "under way or broken off", expected, may_be_allowed=False))
    return faults


def judge(address: str, state: Mapping[str, object], appendfsync: str | None) -> Iterator[Fault]:
    """What is wrong with a server whose INFO is `state`; `appendfsync` is None where it keeps that to itself."""
    if _version(state) < MINIMUM_VERSION:
        yield Fault(address, "redis_version", str(state.get("redis_version")), "7.0 or later")
    if state.get("role") != "master":
        yield Fault(address, "role", str(state.get("role")), "master: a primary that takes writes")
    if not state.get("aof_enabled"):
        yield Fault(address, "appendonly", "no", "yes")
    if appendfsync is None:
        yield Fault(address, "appendfsync", "unknown, because CONFIG GET is refused", "always, and CONFIG GET allowed")
    elif appendfsync != "always":
        yield Fault(address, "appendfsync", appendfsync, "always")
    if state.get("maxmemory_policy") != "noeviction":
        yield Fault(address, "maxmemory-policy", str(state.get("maxmemory_policy")), "noeviction")
    if state.get("aof_last_write_status", "ok") != "ok":
        status = str(state["aof_last_write_status"])
        yield Fault(address, "aof_last_write_status", status, "ok: a disk with room that can be written")


def refused(faults: Iterable[Fault], allow_volatile: bool) -> list[Fault]:
    """Those that are not allowed."""
    return [fault for fault in faults if not (allow_volatile and fault.may_be_allowed)]


class DurabilityCheck:
    """True if nothing is wrong with the servers but what is allowed."""

    def __init__(self, ledger: Ledger, allow_volatile: bool) -> None:
        self._ledger = ledger
        self._allow_volatile = allow_volatile

    async def __call__(self) -> bool:
        try:
            return not refused(await find_obstacles(self._ledger), self._allow_volatile)
        except LedgerUnavailableError:
            return False


async def _read_syncs(ledger: Ledger) -> Mapping[str, str]:
    """The setting `appendfsync` of each server; none where CONFIG is renamed or forbidden, as managed ones do."""
    try:
        settings = await ledger.ask_all(Operation.CHECK, "CONFIG GET", "appendfsync")
    except LedgerUnavailableError as error:
        if isinstance(error.__cause__, ResponseError):
            return {}
        raise
    return {address: found["appendfsync"] for address, found in settings.items() if "appendfsync" in found}


def _version(state: Mapping[str, object]) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", str(state.get("redis_version", "")))
    return (int(found[1]), int(found[2])) if found else (0, 0)
