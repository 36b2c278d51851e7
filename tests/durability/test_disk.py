"""The model of the disk, on a program that makes the same calls as a server."""

import os

import pytest

from chaos.errors import LabError
from chaos.lab.stripe_sandbox.dice import Dice

SYNCED = "f = os.open('a', O_CREAT | O_WRONLY); write(f, b'one'); fsync(f); "


@pytest.mark.parametrize(
    ("code", "left"),
    [
        pytest.param(SYNCED, {"a": "one"}, id="synced"),
        pytest.param(SYNCED + "write(f, b'two')", {"a": "one"}, id="written after the sync"),
        pytest.param(SYNCED + "write(f, b'two'); fdatasync(f)", {"a": "onetwo"}, id="synced again"),
        pytest.param("f = os.open('a', O_CREAT | O_WRONLY); write(f, b'one')", {}, id="created and never synced"),
        pytest.param(
            "g = os.open('b', O_CREAT | O_WRONLY); write(g, b'two'); " + SYNCED,
            {"a": "one", "b": ""},
            id="another file's sync commits the creation and no data",
        ),
        pytest.param(SYNCED + "rename('a', 'b')", {"a": "one"}, id="renamed"),
        pytest.param(
            SYNCED + "rename('a', 'b'); fsync(os.open('.', O_RDONLY))", {"b": "one"}, id="renamed, folder synced"
        ),
        pytest.param(
            SYNCED + "g = os.open('b', O_CREAT | O_WRONLY); write(g, b'two'); fsync(g); rename('b', 'a')",
            {"a": "one", "b": "two"},
            id="replaced",
        ),
        pytest.param(SYNCED + "unlink('a')", {"a": "one"}, id="removed"),
        pytest.param(SYNCED + "unlink('a'); fsync(os.open('.', O_RDONLY))", {}, id="removed, folder synced"),
        pytest.param(
            SYNCED + "unlink('a'); h = os.open('a', O_CREAT | O_WRONLY)", {"a": "one"}, id="removed, made anew"
        ),
        pytest.param(SYNCED + "ftruncate(f, 1); write(f, b'two')", {"a": "o"}, id="cut, then written on"),
        pytest.param(SYNCED + "truncate('a', 1); write(f, b'two')", {"a": "o"}, id="cut by path"),
        pytest.param(
            SYNCED + "close(f); unlink('a'); fsync(os.open('.', O_RDONLY)); "
            "g = os.open('b', O_CREAT | O_WRONLY); write(g, b'two'); fsync(os.open('.', O_RDONLY))",
            {"b": ""},
            id="a new file in the place of an old one",
        ),
        pytest.param(
            "if fork() == 0:\n    " + SYNCED + "_exit(0)\nwait()\nwrite(os.open('a', O_WRONLY | O_APPEND), b'two')",
            {"a": "one"},
            id="synced by a child",
        ),
    ],
)
def test_a_power_loss_leaves_what_was_durable(run_python, code, left):
    run_python(code)
    run_python.disk.lose_power()
    assert {path.name: path.read_text() for path in run_python.data.iterdir()} == left


def test_what_was_not_durable_may_survive_in_part(run_python):
    run_python(SYNCED + "write(f, b'x' * 1000)")
    loss = run_python.disk.lose_power(Dice(1))
    assert 0 < loss.bytes_lost < 1000
    assert (run_python.data / "a").read_text() == "one" + "x" * (1000 - loss.bytes_lost)


def test_a_kill_alone_makes_nothing_durable(run_python):
    run_python(SYNCED + "write(f, b'two')")
    run_python("g = os.open('a', O_WRONLY | O_APPEND); write(g, b'three')")
    assert run_python.disk.lose_power().bytes_lost == len("twothree")


def test_what_one_power_loss_left_survives_the_next(run_python):
    run_python(SYNCED + "write(f, b'two')")
    run_python.disk.lose_power()
    run_python("g = os.open('a', O_WRONLY | O_APPEND); write(g, b'three')")
    run_python.disk.lose_power()
    assert (run_python.data / "a").read_text() == "one"


def test_nothing_is_kept_beside_the_account_once_changes_are_committed(run_python):
    run_python(SYNCED + "unlink('a'); fsync(os.open('.', O_RDONLY))")
    assert sorted(path.name for path in run_python.data.parent.iterdir()) == ["data", "disk"]


def test_a_program_without_the_library_is_noticed(run_python):
    with pytest.raises(LabError, match="dynamically linked"):
        run_python.disk.check_watched(os.getpid())


def test_an_account_without_room_is_an_error_and_no_verdict(run_python):
    run_python("for n in range(300): os.open(str(n), O_CREAT | O_WRONLY)")
    with pytest.raises(LabError, match="ran out of room"):
        run_python.disk.lose_power()
