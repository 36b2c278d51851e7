"""One replay from beginning to end."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from redis.exceptions import NoScriptError

from service.archive.reader import Archived, read_archive
from service.archive.segments import SUFFIX
from service.ledger import keys
from service.ledger.connection import Client
from service.ledger.scripts import load_script
from service.replay.batch import Batch, Command
from service.replay.shard import ShardReplay

BATCH_ENTRIES = 2000
PROGRESS_ENTRIES = 100_000


class ReplayError(Exception):
    """The message says why nothing can be replayed, and what was expected."""


class Replay:
    """Writes what the archive in `folder` (with s00 to s15 in it) tells into an empty Redis.

    A marker stands in Redis until it is done, so that nobody takes half a ledger for a whole one. Raises ReplayError,
    ArchiveDamagedError, RedisError, OSError.
    """

    def __init__(self, client: Client, folder: Path, now: datetime, say: Callable[[str], None]) -> None:
        self._client = client
        self._folder = folder
        self._now = int(now.timestamp())
        self._say = say
        self._script = load_script("replay")
        self._entries = 0

    async def run(self) -> int:
        """Return the number of entries that were applied."""
        if not any(self._folder.glob(f"s[0-9][0-9]/*{SUFFIX}")):
            raise ReplayError(f"{self._folder}: no segments; expected the folder of an archive, with s00 to s15 in it")
        await self._check_empty()
        await self._client.execute_command("SET", keys.REPLAY, self._now)
        for shard in range(keys.SHARDS):
            await self._replay(shard)
        await self._client.execute_command("DEL", keys.REPLAY)
        return self._entries

    async def _check_empty(self) -> None:
        if await self._client.execute_command("EXISTS", keys.REPLAY):
            raise ReplayError("Redis holds a replay that was broken off; expected an empty one: delete its data first")
        sizes = await self._client.ask_all("DBSIZE")
        held = sum(int(size) for size in sizes.values())
        if held:
            raise ReplayError(f"Redis holds {held} keys; expected an empty one, with API and workers stopped")

    async def _replay(self, shard: int) -> None:
        folder = self._folder / f"s{shard:02d}"
        replay, head = ShardReplay(shard, self._now), None
        for part in _batches(read_archive(folder)):
            batch = Batch()
            for archived in part:
                _apply(replay, archived, batch)
            head = part[-1].head
            await self._write(list(batch.commands()))
            self._progress(len(part))
        if head is not None:
            batch = Batch()
            replay.close(batch, head, _last_fence(folder))
            await self._write(list(batch.commands()))

    async def _write(self, commands: list[Command]) -> None:
        names = list({command[1]: None for command in commands})
        call: list[str | int] = [len(names), *names, json.dumps(commands, ensure_ascii=False)]
        try:
            await self._client.execute_command("EVALSHA", self._script.sha, *call)
        except NoScriptError:
            await self._client.execute_command("EVAL", self._script.source, *call)

    def _progress(self, entries: int) -> None:
        before, self._entries = self._entries, self._entries + entries
        if before // PROGRESS_ENTRIES != self._entries // PROGRESS_ENTRIES:
            self._say(f"{self._entries} entries applied")


def _batches(entries: Iterable[Archived]) -> Iterator[list[Archived]]:
    rest = iter(entries)
    while part := list(islice(rest, BATCH_ENTRIES)):
        yield part


def _apply(replay: ShardReplay, archived: Archived, batch: Batch) -> None:
    try:
        replay.apply(archived.entry, batch)
    except (KeyError, ValueError) as error:
        place = f"{archived.head.segment} {archived.entry.id}"
        raise ReplayError(f"{place}: {error!r}; expected an entry of the journal") from error


def _last_fence(folder: Path) -> int:
    """The highest fence under which anything was archived; the next lease has a higher one."""
    return max(int(path.stem.partition("-")[0]) for path in folder.glob(f"*{SUFFIX}"))
