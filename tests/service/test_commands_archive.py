"""`billing archive verify`: a person asks whether the archive is what was written."""

import asyncio

import pytest

from service.__main__ import main
from tests.service.conftest import IS_CLUSTER
from tests.service.ledger_life import Life


@pytest.fixture
async def archived(own_redis, open_ledger, enroll, tmp_path, monkeypatch):
    life = Life(open_ledger(own_redis.port), tmp_path / "data")
    await life.enroll(enroll, 1)
    await life.use(30)
    await life.archive()
    monkeypatch.setenv("REDIS_PORT", str(own_redis.port))
    monkeypatch.setenv("REDIS_CLUSTER", str(IS_CLUSTER).lower())
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return life


@pytest.fixture
def verify(capsys):
    async def run(*argv):
        code = await asyncio.to_thread(main, ["archive", "verify", *argv])
        return code, *capsys.readouterr()

    return run


def newest(life):
    return max((life.data_dir / "archive" / "s00").iterdir())


async def test_a_whole_archive_is_verified_with_the_ledger_and_without(archived, verify, monkeypatch):
    code, told, _ = await verify()
    entries = int(told.split()[0])
    assert (code, entries > len(archived.acknowledged)) == (0, True)
    monkeypatch.setenv("REDIS_PORT", "1")
    assert (await verify("--no-ledger"))[1] == told
    code, _, told = await verify()
    assert (code, len(told.splitlines()), "or --no-ledger" in told) == (2, 1, True)


async def test_a_changed_byte_and_a_missing_end_are_found(archived, verify):
    path, whole = newest(archived), newest(archived).read_bytes()
    path.write_bytes(whole.replace(b'"value":"1"', b'"value":"2"', 1))
    code, told, _ = await verify()
    assert (code, "damaged: " in told, "expected chain" in told) == (1, True, True)
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])
    assert (await verify())[0] == 1
    assert (await verify("--no-ledger"))[0] == 0


async def test_no_archive_is_told_in_one_line(verify, tmp_path):
    code, _, told = await verify("--no-ledger", "--archive", str(tmp_path / "nowhere"))
    assert (code, len(told.splitlines())) == (2, 1)
