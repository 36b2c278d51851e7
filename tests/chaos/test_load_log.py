from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chaos.load_log import Request, first_failure, first_of_good, read_requests


def requests_of(outcomes: list[bool]) -> list[Request]:
    return [Request("usage_report", float(n), n + 0.1, 200 if ok else 503, ok, 1) for n, ok in enumerate(outcomes)]


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 10), st.integers(0, 60))
def test_the_first_of_good_starts_the_earliest_run_that_is_long_enough(
    outcomes: list[bool], count: int, after: int
) -> None:
    starts = [n for n in range(after, len(outcomes) - count + 1) if all(outcomes[n : n + count])]
    found = first_of_good(requests_of(outcomes), after, count)
    assert (found.intended if found else None) == (starts[0] if starts else None)


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 40))
def test_the_first_failure_is_the_earliest_after_the_moment(outcomes: list[bool], after: int) -> None:
    failures = [n for n, ok in enumerate(outcomes) if not ok and n >= after]
    found = first_failure(requests_of(outcomes), after)
    assert (found.intended if found else None) == (failures[0] if failures else None)


def test_a_half_written_line_is_left_for_later(tmp_path: Path) -> None:
    line = (
        '{"name":"usage_report","intended":2.0,"sent":2.0,"ended":2.5,"status":200,"ok":true,"error":null,"attempt":1}'
    )
    (tmp_path / "requests.jsonl").write_text(f"{line}\n{line[:40]}")
    assert [one.latency_seconds for one in read_requests(tmp_path)] == [0.5]


def test_latency_counts_from_the_intended_time() -> None:
    assert Request("read", intended=10.0, ended=14.0, status=200, ok=True, attempt=1).latency_seconds == 4.0
