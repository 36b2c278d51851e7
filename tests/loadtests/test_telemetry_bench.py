"""The options of `python -m bench.telemetry`."""

import pytest

from bench import telemetry


@pytest.mark.parametrize("rounds", ["0", "-1", "1.5", "many"])
def test_less_than_one_round_is_told_in_one_line(
    rounds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["telemetry", f"--rounds={rounds}"])
    with pytest.raises(SystemExit) as ended:
        telemetry.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--rounds: '{rounds}'; expected a whole number, 1 or more" in line


@pytest.mark.parametrize("rounds", [1, 2, 3, 60])
def test_every_size_has_a_round(rounds: int) -> None:
    each = {size: telemetry.rounds_of(size, rounds) for size in telemetry.SIZES}
    assert each[1] == rounds
    assert min(each.values()) >= 1
