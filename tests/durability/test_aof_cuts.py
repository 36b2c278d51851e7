"""The append-only file cut at every byte of one request's block: the request is there whole, or not at all."""

import pytest

from chaos.errors import LabError
from chaos.lab.powerloss.aof_cuts import digests, last_increment, transaction_around

CLAIM = "redis.call('HSET', 'claims', ARGV[1], 'digest') "
WRITE = "redis.call('XADD', 'events', '1-1', 'id', ARGV[1]) redis.call('HINCRBY', 'hours', 'sign', 5)"


@pytest.fixture
def block(start_server):
    """Run a request's scripts on a server with something in it; returns its folder and the block's bounds in bytes."""

    def run(*scripts):
        server = start_server("--appendfsync", "always")
        server.client.hset("hours", "verify", 7)
        start = last_increment(server.data).stat().st_size
        for script in scripts:
            server.client.eval(script, 0, "event-1")
        server.kill()
        return server.data, start, last_increment(server.data).stat().st_size

    return run


def test_one_script_is_all_or_nothing(block, server_program):
    data, start, end = block(CLAIM + WRITE)
    found = digests(server_program, data, range(start, end + 1))
    assert {found[length] for length in range(start, end)} == {found[start]}
    assert found[end] != found[start]
    assert len(found) == end + 1 - start > 100


def test_a_claim_of_its_own_before_the_write_is_seen(block, server_program):
    data, start, end = block(CLAIM, WRITE)
    found = digests(server_program, data, range(start, end + 1, 4))
    assert len(set(found.values())) > 1, "expected cuts with the claim and without the event"


def test_the_original_stays_whole(block, server_program):
    data, start, end = block(CLAIM)
    digests(server_program, data, [start])
    assert last_increment(data).stat().st_size == end


def test_a_transaction_is_found_by_a_text_in_it():
    before, inside, after = b"*1\r\n$3\r\nSET\r\n", b"*1\r\n$5\r\nMULTI\r\nid1 id1*1\r\n$4\r\nEXEC\r\n", b"id2"
    content = before + inside + after
    assert transaction_around(content, b"id1") == range(len(before), len(before + inside))
    for stray in (content + b"id1", b"id1" + content):
        with pytest.raises(LabError, match="in one transaction"):
            transaction_around(stray, b"id1")
    for missing in (b"id2", b"id3"):
        with pytest.raises(LabError, match="in one transaction"):
            transaction_around(content, missing)
