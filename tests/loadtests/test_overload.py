"""The short form of `make overload`: it asserts what a busy machine cannot break."""

import pytest

from bench.overload import measure

MORE_THAN_A_PROCESS_CAN = 1500


@pytest.mark.long
async def test_under_overload_requests_are_shed_and_the_others_answered() -> None:
    outcome = await measure(1.0, turns=1, pace=MORE_THAN_A_PROCESS_CAN)
    (turn,) = outcome.turns
    assert turn.at_capacity.statuses[200] > 0
    assert turn.overloaded.statuses[200] > 0
    assert outcome.has_only_known
    assert turn.overloaded.statuses[503] + turn.settling.statuses[503] > 0
