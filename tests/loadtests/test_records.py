import json
from pathlib import Path

from loadtests.records import Acknowledgement, Attempt, Records

ATTEMPT = Attempt("GET /usage/{tenant_id}", 10.0, 10.001, 10.5, 200, True, None, 1)


def test_a_line_is_readable_before_the_file_is_closed(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.requests.write([ATTEMPT])
    assert json.loads((tmp_path / "requests.jsonl").read_text()) == {
        "name": "GET /usage/{tenant_id}",
        "intended": 10.0,
        "sent": 10.001,
        "ended": 10.5,
        "status": 200,
        "ok": True,
        "error": None,
        "attempt": 1,
    }
    records.close()


def test_acknowledgements_have_the_audits_fields_one_a_line(tmp_path: Path) -> None:
    records = Records(tmp_path)
    rows = [Acknowledgement("t1", f"e{n}", "verify_events", n, "2026-01-01T00:00:00Z", 5.0) for n in (1, 2)]
    records.acknowledged.write(rows)
    records.close()
    first, second = (json.loads(line) for line in (tmp_path / "acknowledged.jsonl").read_text().splitlines())
    assert set(first) == {"tenant_id", "event_id", "event_type", "value", "timestamp", "acknowledged_at"}
    assert (first["event_id"], second["event_id"]) == ("e1", "e2")


def test_a_new_run_clears_what_the_last_one_left(tmp_path: Path) -> None:
    earlier = Records(tmp_path)
    earlier.requests.write([ATTEMPT])
    earlier.announce_ready(1.0)
    earlier.write_summary({"arrivals": 1})
    earlier.close()
    Records(tmp_path).close()
    assert not (tmp_path / "ready").exists()
    assert not (tmp_path / "load.json").exists()
    assert (tmp_path / "requests.jsonl").read_bytes() == b""


def test_the_summary_appears_whole(tmp_path: Path) -> None:
    records = Records(tmp_path / "made" / "on" / "demand")
    records.write_summary({"arrivals": 3})
    records.close()
    assert json.loads((tmp_path / "made/on/demand/load.json").read_text()) == {"arrivals": 3}
    assert not list(tmp_path.rglob("*.new"))
