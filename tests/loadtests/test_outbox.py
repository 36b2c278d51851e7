from loadtests.outbox import Outbox
from loadtests.traffic import Request


def report(path: str) -> Request:
    return Request("POST /usage/report", "POST", path)


def test_each_tenant_gets_its_own_reports_back_oldest_first() -> None:
    outbox = Outbox()
    outbox.hold("a", report("/1"), 1)
    outbox.hold("b", report("/2"), 1)
    outbox.hold("a", report("/3"), 4)
    assert len(outbox) == 3
    assert outbox.release("a") == (report("/1"), 1)
    assert outbox.release("a") == (report("/3"), 4)
    assert outbox.release("a") is None
    assert outbox.release("nobody") is None
    assert len(outbox) == 1


def test_the_end_of_a_run_releases_everything_once() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.hold(str(number), report(f"/{number}"), 1)
    assert [one.path for one, _ in outbox.release_all()] == ["/0", "/1", "/2"]
    assert outbox.release_all() == []
