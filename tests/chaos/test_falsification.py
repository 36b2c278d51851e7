import re

import pytest

from chaos.falsification import Falsification, broken_rules, without_effect
from chaos.order import order_of
from slo import rules


def test_broken_rules_differ_from_the_real_ones_in_every_threshold_and_nothing_else() -> None:
    order = order_of("redis-hang", 10, seed=1, pinned_ports={}, rules_file=None)
    real = rules.to_yaml(rules.rule_file(order.slo, order.policy, order.scale))
    broken = rules.to_yaml(broken_rules(order))
    pairs = len(order.policy.pairs)
    assert len(re.findall(r"\}\) > 0\.\d+$", real, flags=re.MULTILINE)) == 2 * pairs
    assert len(re.findall(r"\}\) > 2$", broken, flags=re.MULTILINE)) == 2 * pairs
    assert re.sub(r"\}\) > 0\.00\d+$|\}\) > 0\.0144$", "}) > 2", real, flags=re.MULTILINE) == broken


def test_a_prevented_experiment_undoes_its_fault_at_once() -> None:
    experiment = order_of("redis-hang", 10, seed=1, pinned_ports={}, rules_file=None).experiment
    names = [step["provider"]["func"] for step in without_effect(experiment)["method"]]
    assert names[:3] == ["hang_process", "undo_faults", "redis_is_silent"]


@pytest.mark.parametrize(
    ("exits", "holds"), [((1, 3, 0), True), ((0, 3, 0), False), ((1, 0, 0), False), ((1, 3, 1), False)]
)
def test_only_three_noticed_spoilings_hold(exits: tuple[int, int, int], holds: bool) -> None:
    assert Falsification(*exits).holds is holds
