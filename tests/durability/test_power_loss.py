"""What a power loss takes from a real server: with `everysec` acknowledged writes, with `always` none."""

import time

LOAD_SECONDS = 0.8
"""Less than the second after which `everysec` syncs."""


def _write(server, seconds, rewrites=0):
    """Acknowledged writes, with rewrites of the append-only file spread among them."""
    acknowledged, end = 0, time.monotonic() + seconds
    due = [end - seconds * (number + 1) / (rewrites + 1) for number in range(rewrites)]
    while time.monotonic() < end:
        batch = server.client.pipeline(transaction=False)
        for number in range(20):
            batch.xadd("events", {"number": acknowledged + number})
        batch.execute()
        acknowledged += 20
        if due and time.monotonic() > due[-1] and not server.client.info("persistence")["aof_rewrite_in_progress"]:
            due.pop()
            server.client.bgrewriteaof()
    return acknowledged


def _lose_power(server):
    server.kill()
    loss = server.disk.lose_power()
    server.start()
    return loss


def test_everysec_loses_acknowledged_writes(start_server):
    server = start_server("--appendfsync", "everysec")
    acknowledged = _write(server, LOAD_SECONDS)
    assert _lose_power(server).bytes_lost > 0
    assert server.client.xlen("events") < acknowledged


def test_a_kill_without_a_power_loss_shows_nothing_about_syncing(start_server):
    """`no` and not `everysec`, which holds writes back in the server itself while a slow sync is under way."""
    server = start_server("--appendfsync", "no")
    acknowledged = _write(server, LOAD_SECONDS)
    server.kill()
    server.start()
    assert server.client.xlen("events") == acknowledged


def test_always_loses_none_also_while_the_file_is_rewritten(start_server):
    server = start_server("--appendfsync", "always")
    acknowledged = 0
    for rewrites in (0, 1, 4):
        acknowledged += _write(server, LOAD_SECONDS / 2, rewrites)
        _lose_power(server)
        assert server.client.xlen("events") == acknowledged
