"""The short form of `make overload`: it asserts what a busy machine cannot break."""

from collections import Counter
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from bench.overload import Foreign, Tally, measure

MORE_THAN_A_PROCESS_CAN = 1500


@pytest.mark.long
async def test_under_overload_requests_are_shed_and_the_others_answered() -> None:
    outcome = await measure(1.0, turns=1, pace=MORE_THAN_A_PROCESS_CAN)
    (turn,) = outcome.turns
    assert turn.at_capacity.statuses[200] > 0
    assert turn.overloaded.statuses[200] > 0
    assert outcome.has_only_known
    assert turn.overloaded.statuses[503] + turn.settling.statuses[503] > 0


def test_a_sum_of_tallies_has_each_figure_in_its_place() -> None:
    one = Tally(Counter({200: 3}), [0.25], 5, 7.0, 11.0, 13, [0.5])
    other = Tally(Counter({503: 1}), [0.75], 17, 19.0, 23.0, 29, [1.5])
    both = one + other
    for each in fields(Tally):
        assert getattr(both, each.name) == getattr(one, each.name) + getattr(other, each.name), each.name


BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
CORES = 4


class Machine:
    """Four cores, and a process of ours on each of the first two."""

    def __init__(self) -> None:
        sample = psutil.cpu_times(percpu=True)[0]
        self.cores = [sample._replace(**dict.fromkeys(sample._fields, 0.0)) for _ in range(CORES)]
        self.own: list[Any] = [self._process(core) for core in (0, 1)]

    def spend(self, core: int, **seconds: float) -> None:
        self.cores[core] = self.cores[core]._replace(**seconds)

    @staticmethod
    def _process(core: int) -> SimpleNamespace:
        times = SimpleNamespace(user=0.0, system=0.0)
        return SimpleNamespace(cpu_affinity=lambda: [core], cpu_times=lambda: times)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()

    def times(percpu: bool = False) -> Any:
        each = machine.cores
        return each if percpu else type(each[0])(*(sum(column) for column in zip(*each, strict=True)))

    monkeypatch.setattr(psutil, "cpu_times", times)
    return machine


@pytest.mark.parametrize("kind", BUSY)
def test_what_others_take_of_our_cores_is_foreign_however_many_there_are(machine: Machine, kind: str) -> None:
    foreign = Foreign(machine.own)
    machine.spend(0, **{"idle": 8.0, kind: 2.0})
    machine.spend(1, idle=10.0)
    for core in range(2, CORES):
        machine.spend(core, user=3.0, idle=7.0)
    assert foreign.share == pytest.approx(0.1)


def test_what_our_own_processes_take_is_not_foreign(machine: Machine) -> None:
    foreign = Foreign(machine.own)
    for core, process in enumerate(machine.own):
        process.cpu_times().user, process.cpu_times().system = 3.0, 2.0
        machine.spend(core, user=3.0, system=2.0, idle=5.0)
    assert foreign.share == 0.0
