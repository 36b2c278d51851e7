"""The list of promises cannot rot, and what has not passed is never called proven."""

import ast
import subprocess
import sys

import pytest

from chaos.lab.programs import PROJECT
from tests.security.promises import Outcome, Promise, judge, load
from tests.security.proof import render

PROMISE = Promise("p", "Here", "it holds", ("f.py::test_a", "f.py::test_b"))
A, B = Outcome("f.py::test_a", True, {"p": "7 of 7"}), Outcome("f.py::test_b", True)


def test_every_test_that_the_list_names_exists():
    """By name: that each runs and passes is what `make test-security` says."""
    named = {test.split("[")[0] for promise in load() for test in promise.tests}
    written = {f"{file}::{name}" for file in {test.split("::")[0] for test in named} for name in names_in(file)}
    assert named - written == set()


def names_in(file):
    """The names of the tests in a file."""
    for node in ast.parse((PROJECT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def test_a_test_that_is_not_there_is_missed():
    found = set(names_in("tests/security/test_promises.py"))
    assert "test_every_test_that_the_list_names_exists" in found
    assert not {"names_in", "test_nothing"} & found


def test_what_ran_and_passed_and_has_a_figure_is_proven():
    one = judge(PROMISE, [A, B])
    assert (one.proven, one.figure) == (True, "7 of 7")


def test_each_case_of_a_test_is_one_and_may_be_counted():
    promise = Promise("p", "Here", "it holds", ("f.py::test_a",), counted="cases")
    cases = [Outcome(f"f.py::test_a[{number}]", True) for number in range(3)]
    assert judge(promise, cases).figure == "3 cases"


@pytest.mark.parametrize(
    ("outcomes", "lack"),
    [
        ([A], "f.py::test_b did not run"),
        ([A, Outcome("f.py::test_bb", True)], "f.py::test_b did not run"),
        ([A, B, Outcome("f.py::test_b[x]", False)], "f.py::test_b[x] did not pass"),
        ([Outcome("f.py::test_a", True), B], "no test reported its figure"),
        ([Outcome("f.py::test_a", True, {"other": "1"}), B], "no test reported its figure"),
    ],
)
def test_anything_less_is_not_proven(outcomes, lack):
    one = judge(PROMISE, outcomes)
    assert (one.proven, one.lack) == (False, lack)


def test_a_promise_without_a_test_is_not_proven():
    assert not judge(Promise("p", "Here", "it holds", ()), [A, B]).proven


PROGRAM = """
import pytest

def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("today")
@pytest.fixture
def broken():
    yield
    raise RuntimeError
def test_breaks_afterwards(broken): pass
"""


def test_a_real_run_tells_passed_from_failed_skipped_and_absent(tmp_path):
    (tmp_path / "test_program.py").write_text(PROGRAM)
    names = ("passes", "fails", "skips", "breaks_afterwards", "is_absent")
    code = (
        "from tests.security.promises import Promise; from tests.security.proof import render, run\n"
        f"names = {names}\n"
        "run_one = lambda name: run([Promise(name, 'Here', name, (f'test_program.py::test_{name}',), 'run')],"
        " ['--rootdir', '.', '-c', '/dev/null'])[0]\n"
        "print(render([run_one(name) for name in names]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines()[-1] == "promises=5 proven=1", answer.stdout
    assert "proven      passes" in answer.stdout


def test_nothing_promised_is_nothing_proven():
    assert render([]).endswith("promises=0 proven=0")
