"""Writes to one shard, gathered so that each key is written once and not with every entry. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

Command = list[str]
_FIELDS = 1000
"""Lua hands on no more than some 8,000 arguments."""


class Batch:
    """Gathers writes whose order among different keys does not matter."""

    def __init__(self) -> None:
        self._counters: Counter[tuple[str, str]] = Counter()
        self._hashes: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._sorted: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._sets: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._more: list[Command] = []
        self._expiries: dict[str, int] = {}

    def count(self, key: str, field: str, by: int) -> None:
        self._counters[key, field] += by

    def put(self, key: str, fields: Mapping[str, str]) -> None:
        self._hashes[key].update(fields)

    def expire(self, key: str, at: int) -> None:
        """Let a key that is put end at that time, in unix seconds."""
        self._expiries[key] = at

    def rank(self, key: str, member: str, score: str) -> None:
        self._sorted[key][member] = score

    def enter(self, key: str, member: str) -> None:
        self._sets[key][member] = ""

    def append(self, stream: str, entry_id: str, fields: Mapping[str, str]) -> None:
        self._more.append(["XADD", stream, entry_id, *(part for pair in fields.items() for part in pair)])

    def run(self, *command: str) -> None:
        """A command whose first argument is its key; it runs after what was put, in order."""
        self._more.append(list(command))

    def commands(self) -> Iterator[Command]:
        for (key, field), by in self._counters.items():
            yield ["HINCRBY", key, field, str(by)]
        for key, fields in self._hashes.items():
            yield from _parts(["HSET", key], ([name, value] for name, value in fields.items()))
        for key, scores in self._sorted.items():
            yield from _parts(["ZADD", key], ([score, member] for member, score in scores.items()))
        for key, members in self._sets.items():
            yield from _parts(["SADD", key], ([member] for member in members))
        for key, at in self._expiries.items():
            yield ["EXPIREAT", key, str(at)]
        yield from self._more


def _parts(head: Command, items: Iterator[list[str]]) -> Iterator[Command]:
    while part := [text for item in islice(items, _FIELDS) for text in item]:
        yield head + part
