import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from slo.errors import DocumentError, PolicyError
from slo.model import Objective, Policy, Slo, Window
from slo.policy import POLICIES, burn_rate, load_policy, lowest_objective, require_fit

SEED = (POLICIES / "seed.yaml").read_text()


def test_burn_rates_are_derived(seed: Policy) -> None:
    rates = {pair.name: str(pair.burn_rate) for pair in seed.pairs}
    assert rates == {"5m@1h": "14.4", "30m@6h": "6", "2h@24h": "3", "1d@30d": "1"}


def test_a_rate_without_an_end_is_rounded() -> None:
    assert burn_rate(Decimal("0.1"), Window("28d"), Window("3d")) == Decimal("0.933333")


@pytest.mark.parametrize(("long", "limit"), [("1h", "0.930556"), ("6h", "0.833333"), ("24h", "0.666667"), ("30d", "0")])
def test_lowest_objective(seed: Policy, long: str, limit: str) -> None:
    pair = next(pair for pair in seed.pairs if pair.long.text == long)
    assert round(lowest_objective(pair), 6) == Decimal(limit)


def test_dead_pairs_are_refused(slo: Slo, seed: Policy) -> None:
    low = replace(slo, objective=Objective(Decimal("0.8"), slo.objective.period))
    with pytest.raises(PolicyError) as caught:
        require_fit(low, seed)
    assert caught.value.problems == (
        "slo api-availability, policy seed: pair 5m@1h at burn rate 14.4 can never fire; "
        "expected an objective above 0.930556",
        "slo api-availability, policy seed: pair 30m@6h at burn rate 6 can never fire; "
        "expected an objective above 0.833333",
    )


def test_the_pair_at_its_limit_is_dead(slo: Slo, seed: Policy) -> None:
    pair = replace(seed.pairs[0], burn_rate=Decimal(20))
    for target, dead in (("0.95", True), ("0.950001", False)):
        found = replace(slo, objective=Objective(Decimal(target), slo.objective.period))
        policy = replace(seed, pairs=(pair,))
        if dead:
            with pytest.raises(PolicyError):
                require_fit(found, policy)
        else:
            require_fit(found, policy)


def _united(folder: Path, text: str) -> Path:
    (folder / "seed.yaml").write_text(SEED)
    (folder / "quarter.yaml").write_text(f"policy: quarter\nsource: Both.\nperiod: 90d\nunion: [{text}]\n")
    (folder / "more.yaml").write_text("policy: more\nsource: Both.\nperiod: 90d\nunion: [quarter]\n")
    return folder


def test_a_union_has_the_burn_rates_of_its_own_period(tmp_path: Path, seed: Policy) -> None:
    found = load_policy("quarter", _united(tmp_path, "seed"))
    assert {pair.name: str(pair.burn_rate) for pair in found.pairs} == {
        "5m@1h": "43.2",
        "30m@6h": "18",
        "2h@24h": "9",
        "1d@90d": "1",
    }
    assert [pair.budget_share for pair in found.pairs] == [pair.budget_share for pair in seed.pairs]


@pytest.mark.parametrize(
    ("name", "members", "problem"),
    [
        ("quarter", "seed, sead", "quarter.yaml:4: union[1]: policy 'sead' is unknown; expected one of more, seed"),
        ("quarter", "quarter", "quarter.yaml:4: union[0]: expected another policy than the union itself"),
        ("more", "more", "more.yaml:4: union[0]: expected a policy with pairs of its own, got the union 'quarter'"),
    ],
)
def test_a_union_of_what_has_no_pairs_is_refused(tmp_path: Path, name: str, members: str, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_policy(name, _united(tmp_path, members))
    assert caught.value.problems == (f"{tmp_path}/{problem}",)


def test_another_period_is_refused(slo: Slo, seed: Policy) -> None:
    weekly = replace(slo, objective=replace(slo.objective, period=Window("7d")))
    with pytest.raises(PolicyError, match="expects a period of 30d, got 7d"):
        require_fit(weekly, seed)


def test_unknown_policy() -> None:
    with pytest.raises(PolicyError, match="policy 'sead' is unknown; expected one of default, seed, tickets, workbook"):
        load_policy("sead")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("budget_share: 0.02", "budget_share: 2", "pairs[0].budget_share: expected a number in (0, 1], got 2"),
        ("severity: ticket}", "severity: mail}", "pairs[2].severity: expected 'page' or 'ticket', got 'mail'"),
        ("short: 5m", "short: 1h", "pairs[0].short: expected less than 1h, got 1h"),
        ("long: 30d", "long: 60d", "pairs[3].long: expected at most 30d, got 60d"),
        ("long: 6h, short: 30m", "long: 1h, short: 5m", "pairs[1]: 5m@1h is listed already"),
        ("policy: seed", "policy: sead", "policy: expected 'seed' as the file is named, got 'sead'"),
        ("short: 5m", "shrt: 5m", "pairs[0].shrt: unknown field; expected one of budget_share, guard, hold, long"),
        ("period: 30d", "period: 30d\n---", "expected one document, got 2"),
    ],
)
def test_malformed(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in SEED
    (tmp_path / "seed.yaml").write_text(SEED.replace(old, new, 1))
    with pytest.raises(DocumentError) as caught:
        load_policy("seed", tmp_path)
    place, found = caught.value.problems[0].split(": ", 1)
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/seed\.yaml(:[0-9]+)?", place)
    assert found.startswith(problem)
