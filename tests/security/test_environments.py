"""200 mutated environments: each bad variable is named, and no part of a secret gets out, whatever way it could."""

import json
import logging
import os
import subprocess
import sys

import pytest

from service.__main__ import main
from tests.security.environments import good, spoiled

ENVIRONMENTS = 200
PART = 6
"""So many characters in a row of a secret must not be seen."""
CHOICES = {"development"}
"""Values that a rule may name."""


def parts(texts):
    return {text[at : at + PART] for text in texts for at in range(len(text) - PART + 1)}


@pytest.fixture
def run(monkeypatch, capfd, caplog):
    """Run the command in an environment; return its exit code, what it printed, and everything that could be seen."""
    caplog.set_level(logging.DEBUG)

    def run(env, *argv):
        monkeypatch.setattr("os.environ", env)
        caplog.clear()
        code = main(argv)
        told = capfd.readouterr()
        return code, told.out, told.out + told.err + caplog.text

    return run


def test_all_bad_variables_are_named_and_no_part_of_a_secret_is_shown(run, tmp_path, proves):
    seen_bad, named = set(), 0
    for seed in range(ENVIRONMENTS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        made = spoiled(seed, folder)
        code, printed, seen = run(made.env, "check-env", "--output", "json")
        assert code == 78, seed
        assert {problem["name"] for problem in json.loads(printed)["problems"]} == made.bad, seed
        served, _, seen_too = run(made.env, "serve")
        assert served == 78, seed
        assert all(any(line.startswith(f"billing: {name} ") for line in seen_too.splitlines()) for name in made.bad)
        assert not parts([seen + seen_too]) & parts(made.hidden), seed
        bad_values = {made.env.get(name, "") for name in made.bad} - CHOICES
        assert not [value for value in bad_values if len(value) >= PART and value in seen + seen_too], seed
        seen_bad |= made.bad
        named += len(made.bad)
    assert len(seen_bad) >= 18
    proves("mutated-environments", f"{ENVIRONMENTS} environments, {named} bad names")


def test_an_environment_without_mistakes_is_good(run):
    assert run(good(1), "check-env")[:2] == (0, "every variable is good\n")


def test_nothing_listens_where_the_environment_is_bad(tmp_path):
    """As a process of its own, traceback and all."""
    made = spoiled(7, tmp_path)
    argv = [sys.executable, "-m", "service", "serve"]
    env = {"PATH": os.environ["PATH"], **{name: value for name, value in made.env.items() if "\0" not in value}}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 78
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not parts([done.stderr]) & parts(made.hidden)
    assert {line.split()[1] for line in done.stderr.splitlines()} == made.bad
