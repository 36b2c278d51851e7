from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.errors import UserMistake
from chaos.experiment import available, load_experiment
from chaos.lab.configuration import pipeline_rules
from chaos.order import others_than, slo_of
from slo import rules
from slo.guarded import Guarded


@pytest.mark.parametrize("name", available())
def test_each_experiment_that_ships_has_a_contract(name: str) -> None:
    experiment = load_experiment(name)
    assert experiment.contract.mttr_seconds > 0
    assert experiment.document["rollbacks"]


@pytest.mark.parametrize("name", available())
def test_a_contract_names_only_alerts_that_the_lab_can_fire(name: str) -> None:
    contract = load_experiment(name).contract
    slo, policy = slo_of(contract.slo, 1)
    documents = [rules.rule_file(one.slo, one.policy) for one in (Guarded(slo, policy), *others_than(slo, 1))]
    documents += [yaml.safe_load(path.read_text()) for path in pipeline_rules()]
    alerts = {rule.get("alert") for document in documents for group in document["groups"] for rule in group["rules"]}
    assert {contract.alert, *contract.also} <= alerts


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((Path("chaos/experiments") / "redis-hang.yaml").read_text())
    return loaded


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("expect", "alert"), None, "extensions[0]: expect: alert: expected a text, found None"),
        (("load", "arrivals_per_second"), -1, "load: arrivals_per_second: expected a number above 0, found -1"),
        (("load", "arrivals_per_second"), "fast", "load: arrivals_per_second: expected a number above 0, found 'fast'"),
        (("targets", "mttr_seconds"), True, "targets: mttr_seconds: expected a number above 0, found True"),
        (("slo",), 3, "extensions[0]: slo: expected a text, found 3"),
        (("name",), "another", "extensions: expected one with the name 'gameday'"),
    ],
)
def test_a_broken_contract_names_its_path(tmp_path: Path, path: tuple[str, ...], value: Any, complaint: str) -> None:
    broken = document()
    place = broken["extensions"][0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump(broken))
    with pytest.raises(UserMistake) as raised:
        load_experiment(str(file))
    assert complaint in str(raised.value)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize("text", ["[1, 2]", "just text", "", "title: [unclosed"])
def test_what_is_no_experiment_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text)
    with pytest.raises(UserMistake, match=r"odd\.yaml"):
        load_experiment(str(file))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserMistake, match="unknown experiment 'nothing'; expected a file, or one of: redis-hang"):
        load_experiment("nothing")
