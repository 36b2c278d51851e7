"""Reads a shard's archive and verifies it line by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.archive.chain import GENESIS, BrokenLine, Content, verify
from service.archive.segments import SUFFIX
from service.ledger.journal import ArchiveHead, JournalEntry


class ArchiveDamagedError(Exception):
    """The message names the file, the line and what was expected there."""


@dataclass(frozen=True, slots=True)
class Archived:
    """An entry, and the place behind it."""

    entry: JournalEntry
    head: ArchiveHead


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment as far as it counts: up to `end` bytes, or as far as it goes where that is None."""

    path: Path
    end: int | None


def read_archive(folder: Path, head: ArchiveHead | None = None) -> Iterator[Archived]:
    """The entries in order, up to the committed `head`; raises ArchiveDamagedError.

    Without a head, for a ledger that is gone, they end with the last whole line of the newest segment.
    """
    chain = GENESIS
    for part in _parts(folder, head):
        for place, line, offset in _lines(part):
            content, chain = _verified(place, chain, line)
            if place.line == 1:
                _check_name(place, content)
            else:
                entry = _entry(place, content)
                yield Archived(entry, ArchiveHead(part.path.stem, offset, entry.id, chain))
    if head is not None and chain != head.chain:
        raise ArchiveDamagedError(f"{folder / head.segment}{SUFFIX}: expected to end with {head.chain}, found {chain}")


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    line: int

    def damaged(self, reason: str) -> ArchiveDamagedError:
        return ArchiveDamagedError(f"{self.path}:{self.line}: {reason}")


def _parts(folder: Path, head: ArchiveHead | None) -> list[_Part]:
    """The segments that make the archive, the oldest first: each one names the one before it."""
    if head is None:
        name, end = _newest(folder), None
    else:
        name, end = head.segment, head.offset
    parts: list[_Part] = []
    while name is not None:
        parts.append(_Part(folder / f"{name}{SUFFIX}", end))
        name, end = _before(parts[-1].path)
    return parts[::-1]


def _newest(folder: Path) -> str | None:
    """The newest segment whose first line is whole; a worker that died may have left one without."""
    for path in sorted(folder.glob(f"*{SUFFIX}"), reverse=True):
        with path.open("rb") as file:
            if file.readline().endswith(b"\n"):
                return path.stem
    return None


def _before(path: Path) -> tuple[str | None, int | None]:
    """The segment before this one and how much of it counts; the line that says so is verified later."""
    place = _Place(path, 1)
    try:
        with path.open("rb") as file:
            after = json.loads(file.readline())["after"]
        if after is None:
            return None, None
        name, end = str(after["segment"]), int(after["offset"])
    except FileNotFoundError as error:
        raise place.damaged("expected the segment to be there") from error
    except (ValueError, TypeError, KeyError) as error:
        raise place.damaged("expected a line of JSON that names the segment before") from error
    if name >= path.stem:
        raise place.damaged(f"expected an earlier segment before it, found {name}")
    return name, end


def _lines(part: _Part) -> Iterator[tuple[_Place, bytes, int]]:
    """Each line with the offset behind it."""
    offset, number = 0, 0
    with part.path.open("rb") as file:
        while part.end is None or offset < part.end:
            line, number = file.readline(), number + 1
            if part.end is None and not line.endswith(b"\n"):
                return
            offset += len(line)
            place = _Place(part.path, number)
            if not line or (part.end is not None and offset > part.end):
                raise place.damaged(f"expected a line that ends at byte {part.end}, found an end at {offset}")
            yield place, line, offset


def _verified(place: _Place, chain: str, line: bytes) -> tuple[Content, str]:
    try:
        return verify(chain, line)
    except BrokenLine as error:
        raise place.damaged(str(error)) from error


def _check_name(place: _Place, content: Content) -> None:
    if content.get("segment") != place.path.stem:
        raise place.damaged(f"expected segment {place.path.stem}, found {content.get('segment')}")


def _entry(place: _Place, content: Content) -> JournalEntry:
    match content:
        case {"id": str(entry_id), "fields": dict(fields)}:
            return JournalEntry(entry_id, fields)
        case _:
            raise place.damaged("expected an entry with an id and fields")
