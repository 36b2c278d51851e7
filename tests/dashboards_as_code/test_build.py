"""`dashboards build`: the same bytes each time, and a committed file that nobody edited."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards_as_code import sources
from dashboards_as_code.__main__ import main

ROOT = Path(__file__).parents[2]


def built(directory: Path, hash_seed: str) -> bytes:
    subprocess.run(
        [sys.executable, "-m", "dashboards_as_code", "build", "--out", str(directory)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=ROOT,
        check=True,
        timeout=20,
        capture_output=True,
    )
    return (directory / "gameday.json").read_bytes()


def test_two_builds_are_byte_identical_whatever_the_hash_seed(tmp_path: Path) -> None:
    first, second = built(tmp_path / "first", "1"), built(tmp_path / "second", "2")

    assert first == second
    assert first.endswith(b"}\n")


def test_committed_files_are_what_the_sources_generate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.write_text(path.read_text().replace("GameDay", "Gameday")), "differs from its sources"),
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.rename(path.with_name("old.json")), "no board generates it"),
    ],
    ids=["edited", "deleted", "renamed"],
)
def test_drift_is_named(damage, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["build", "--out", str(tmp_path)])
    damage(tmp_path / "gameday.json")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    assert main(["build", "--check", "--out", str(tmp_path)]) == 1

    error = capsys.readouterr().err
    assert str(tmp_path) in error
    assert complaint in error
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["build", "--force"], "--force"),
        (["check", "--prometheus", "localhost:9090"], "'localhost:9090'"),
        (["check", "--rate-interval", "soon"], "'soon'"),
        (["check", "--lookback", "0s"], "'0s'"),
        (["paint"], "'paint'"),
        ([], "build|check"),
    ],
)
def test_a_mistake_in_the_arguments_is_one_line_and_exit_2(
    argv: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(argv)

    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert error.count("\n") == 1
    assert error.startswith("dashboards")
    assert named in error
    assert "expected" in error


def test_a_malformed_spec_is_exit_2_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "broken.yaml"
    spec.write_text("kind: [")
    monkeypatch.setattr(sources, "SPECS", tmp_path)

    assert main(["build", "--check"]) == 2
    assert capsys.readouterr().err.startswith(f"dashboards: {spec}:2: ")


def test_a_directory_that_cannot_be_written_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")

    assert main(["build", "--out", str(occupied)]) == 2

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(occupied) in error
