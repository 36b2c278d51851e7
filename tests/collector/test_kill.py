"""The short form of `make collector-kill`."""

from pathlib import Path

import pytest

from tests.collector.kill import play


@pytest.mark.long
def test_what_the_gateway_took_arrives_though_it_is_killed(tmp_path: Path) -> None:
    count = play(tmp_path, kills=2, rate=1000, seconds_between=0.7)
    assert count.sent > 500
    assert count.lost == 0
    assert count.traces_delivered > 0
