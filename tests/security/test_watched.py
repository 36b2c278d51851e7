"""What watches a server during an attack ends with the attack, however that ends."""

import asyncio

import pytest

from tests.security.server import Server


class Watched(Server):
    """In place of a server: it says how long a probe takes, and how much memory there is."""

    def __init__(self, probe=0.001, grown=0):
        self._probe, self._grown, self.probes = probe, grown, 0

    @property
    def memory(self):
        return self._grown if self.probes else 0

    async def probe(self):
        self.probes += 1
        if self._probe is None:
            raise ConnectionResetError("nobody is there")
        return self._probe


async def under_attack(server, error=None):
    async with server.watched():
        await asyncio.sleep(0.01)
        if error is not None:
            raise error


def nothing_goes_on():
    return asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_attack_that_fails_fails_as_itself_and_leaves_no_watch_behind():
    with pytest.raises(ValueError, match="the attack"):
        await under_attack(Watched(), ValueError("the attack"))
    assert nothing_goes_on()


async def test_a_failed_attack_is_not_hidden_by_a_probe_that_failed_too():
    with pytest.raises(ValueError, match="the attack"):
        await under_attack(Watched(probe=None), ValueError("the attack"))
    assert nothing_goes_on()


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (Watched(probe=None), ConnectionResetError),
        (Watched(probe=Server.STALL_SECONDS), AssertionError),
        (Watched(grown=Server.MEMORY_GROWTH_BYTES), AssertionError),
    ],
    ids=["no answer", "too slow", "too large"],
)
async def test_what_the_watch_saw_fails_the_test(server, error):
    with pytest.raises(error):
        await under_attack(server)
    assert nothing_goes_on()


async def test_a_server_that_is_well_passes():
    server = Watched()
    await under_attack(server)
    assert server.probes > 0
