import multiprocessing
from pathlib import Path

from chaos.run_folder import RunFolder, append_line, read_lines


def write_many(path: Path, writer: int) -> None:
    for number in range(200):
        append_line(path, {"writer": writer, "number": number, "filler": "x" * 200})


def test_processes_share_the_event_log_without_torn_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, one)) for one in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(30)
    lines = read_lines(path)
    assert len(lines) == 600
    for writer in range(3):
        assert [one["number"] for one in lines if one["writer"] == writer] == list(range(200))


def test_latest_points_to_the_newest_run(tmp_path: Path) -> None:
    first = RunFolder.create(tmp_path, "redis-hang")
    second = RunFolder.create(tmp_path, "redis-hang")
    assert first.root != second.root
    assert (tmp_path / "latest").resolve() == second.root


def test_events_are_read_by_kind(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.record("fault_injected", at=1.0, program="redis")
    folder.record("mitigated")
    assert folder.recorded("fault_injected") == [{"kind": "fault_injected", "at": 1.0, "program": "redis"}]
    assert len(folder.recorded()) == 2
