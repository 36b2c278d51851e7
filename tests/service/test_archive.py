"""The archive on a real disk."""

import json

import pytest

from service.archive.chain import GENESIS, forge
from service.archive.reader import ArchiveDamagedError, read_archive
from service.archive.segments import ArchiveMissingError, SegmentWriter
from service.ledger.journal import JournalEntry


def entries(first, count):
    return [
        JournalEntry(f"{number}-0", {"kind": "usage", "value": str(number)}) for number in range(first, first + count)
    ]


def ids(folder, head=None):
    return [int(archived.entry.id.partition("-")[0]) for archived in read_archive(folder, head)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "archive" / "s00"


@pytest.fixture
def open_writer(folder):
    writers = []

    def open_(fence, head=None, **options):
        writers.append(SegmentWriter(folder, fence, head, **options))
        return writers[-1]

    yield open_
    for writer in writers:
        writer.close()


def test_what_was_written_is_read_again(folder, open_writer):
    writer = open_writer(7)
    writer.append(entries(1, 3))
    head = writer.append(entries(4, 2))
    assert [archived.entry for archived in read_archive(folder, head)] == entries(1, 5)
    assert list(read_archive(folder, head))[-1].head == head
    assert (head.segment, head.last_id) == ("0000000000000007-000001", "5-0")
    assert head.offset == (folder / f"{head.segment}.jsonl").stat().st_size


def test_segments_roll_and_stay_one_chain(folder, open_writer):
    writer = open_writer(7, segment_bytes=400)
    for number in range(1, 11):
        head = writer.append(entries(number, 1))
    assert len(list(folder.iterdir())) > 2
    assert ids(folder, head) == list(range(1, 11))


def test_everything_is_synced_before_it_is_told(open_writer):
    synced = []
    writer = open_writer(7, sync=synced.append)
    writer.append(entries(1, 1))
    # The new segment's folder, the two above it that were made for it, and the segment itself.
    assert len(synced) == 4
    writer.append(entries(2, 1))
    assert len(synced) == 5


def test_the_next_owner_passes_over_what_was_not_committed(folder, open_writer):
    first = open_writer(7)
    committed = first.append(entries(1, 3))
    first.append(entries(4, 3))
    head = open_writer(8, committed).append(entries(4, 1))
    first.append(entries(90, 5))  # a worker that slept past its lease
    assert ids(folder, head) == [1, 2, 3, 4]
    assert ids(folder) == [1, 2, 3, 4]


def test_the_same_owner_goes_on_in_another_segment(folder, open_writer):
    head = open_writer(7).append(entries(1, 1))
    head = open_writer(7, head).append(entries(2, 1))
    assert head.segment == "0000000000000007-000002"
    assert ids(folder, head) == [1, 2]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_torn_end_is_no_damage_where_nothing_was_committed(folder, open_writer, share):
    committed = open_writer(7).append(entries(1, 3))
    path = folder / f"{committed.segment}.jsonl"
    writer = open_writer(8, committed)
    torn = folder / f"{writer.append(entries(4, 3)).segment}.jsonl"
    torn.write_bytes(torn.read_bytes()[: int(torn.stat().st_size * share)])
    assert ids(folder, committed) == [1, 2, 3]
    assert ids(folder)[:3] == [1, 2, 3]
    assert path.stat().st_size == committed.offset


def test_an_empty_archive_has_no_entries(folder):
    assert ids(folder) == []


def test_an_archive_that_is_gone_is_not_continued(folder, open_writer):
    head = open_writer(7).append(entries(1, 3))
    path = folder / f"{head.segment}.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveMissingError, match=f"expected {head.offset} bytes that were committed"):
        open_writer(8, head).append(entries(4, 1))
    path.unlink()
    with pytest.raises(ArchiveMissingError, match="found 0"):
        open_writer(8, head).append(entries(4, 1))


def damage(lines, number, change):
    line = json.loads(lines[number - 1])
    change(line)
    lines[number - 1] = json.dumps(line, sort_keys=True, separators=(",", ":")).encode() + b"\n"


DAMAGES = {
    "a changed value": (
        lambda lines: damage(lines, 3, lambda line: line["fields"].update(value="9")),
        ":3: expected chain",
    ),
    "a lost line": (lambda lines: lines.pop(2), ":3: expected chain"),
    "two lines in the wrong order": (lambda lines: lines.insert(1, lines.pop(2)), ":2: expected chain"),
    "no JSON": (lambda lines: lines.__setitem__(1, b"x" * (len(lines[1]) - 1) + b"\n"), ":2: expected a line of JSON"),
    "no header": (lambda lines: lines.__setitem__(0, b"{}\n"), ":1: expected a line of JSON that names"),
    "a changed header": (
        lambda lines: damage(lines, 1, lambda line: line.update(segment="0")),
        ":1: expected chain",
    ),
    "a line that is cut": (lambda lines: lines.__setitem__(4, lines[4][:-9]), ":5: expected a line of JSON"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_with_its_place(folder, open_writer, name):
    change, message = DAMAGES[name]
    head = open_writer(7).append(entries(1, 4))
    path = folder / f"{head.segment}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    with pytest.raises(ArchiveDamagedError) as caught:
        ids(folder, head)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_forged_end_is_not_the_committed_one(folder, open_writer):
    head = open_writer(7).append(entries(1, 2))
    path = folder / f"{head.segment}.jsonl"
    first, chain = forge(GENESIS, {"segment": path.stem, "after": None})
    second, chain = forge(chain, {"id": "1-0", "fields": {"kind": "usage", "value": "1"}})
    third, _ = forge(chain, {"id": "2-0", "fields": {"kind": "usage", "value": "3"}})
    path.write_bytes(first + second + third)
    with pytest.raises(ArchiveDamagedError, match=f"expected to end with {head.chain}"):
        ids(folder, head)


def test_a_missing_segment_is_told(folder, open_writer):
    first = open_writer(7).append(entries(1, 1))
    second = open_writer(8, first).append(entries(2, 1))
    (folder / f"{first.segment}.jsonl").unlink()
    with pytest.raises(ArchiveDamagedError, match=r"000001\.jsonl:1: expected the segment to be there"):
        ids(folder, second)
