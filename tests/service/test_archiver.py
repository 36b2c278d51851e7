"""The journal's way to the disk, on a real Valkey."""

import pytest

from service.archive.reader import read_archive
from service.archive.segments import ArchiveMissingError, shard_folder
from service.errors import LedgerUnavailableError
from service.ledger import keys
from service.ledger.journal import Journal
from service.metering.archiver import ArchiveWriteError
from tests.service.office import open_desk


@pytest.fixture
async def desk(environment, open_ledger, own_redis, stripe):
    async with open_desk(environment, open_ledger(own_redis.port), own_redis.port, stripe) as desk:
        yield desk


@pytest.fixture
async def user(desk, enroll):
    return (await enroll(desk.ledger))[0]


@pytest.fixture
def folder(tmp_path, user):
    return shard_folder(tmp_path / "data", keys.shard_of(user.tenant_id))


async def head_of(desk, user):
    return await Journal(desk.ledger).head(keys.shard_of(user.tenant_id))


async def test_the_journal_is_archived_and_forgotten(desk, user, folder):
    shard, journal = keys.shard_of(user.tenant_id), Journal(desk.ledger)
    await desk.use(user)
    before = await journal.take(shard, 100)
    await desk.office.archiver.once()
    assert [archived.entry for archived in read_archive(folder, await head_of(desk, user))] == before
    assert (await journal.backlog(shard)).entries == 0
    assert desk.figure("billing.archive.entries") == len(before)
    assert desk.figure("billing.archive.lag") >= 0
    await desk.office.archiver.once()
    assert desk.figure("billing.archive.lag") == 0


async def test_an_uncertain_commit_is_written_again_and_counts_once(desk, user, folder, monkeypatch):
    await desk.use(user)
    entries = await Journal(desk.ledger).take(keys.shard_of(user.tenant_id), 100)

    async def fail(*_):
        raise LedgerUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "archived", fail)
        with pytest.raises(LedgerUnavailableError):
            await desk.office.archiver.once()
    await desk.office.archiver.once()
    assert len(list(folder.iterdir())) == 2
    assert [archived.entry for archived in read_archive(folder, await head_of(desk, user))] == entries


async def test_a_disk_that_refuses_keeps_the_journal(desk, user, folder):
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    await desk.use(user)
    with pytest.raises(ArchiveWriteError):
        await desk.office.archiver.once()
    assert (await Journal(desk.ledger).backlog(keys.shard_of(user.tenant_id))).entries > 0
    folder.unlink()
    await desk.office.archiver.once()
    assert await head_of(desk, user) is not None


async def test_an_archive_that_is_gone_is_not_continued(desk, user, folder):
    await desk.use(user)
    await desk.office.archiver.once()
    desk.office.archiver.close()
    for path in folder.iterdir():
        path.unlink()
    await desk.use(user)
    with pytest.raises(ArchiveMissingError):
        await desk.office.archiver.once()
