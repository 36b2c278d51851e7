"""A share of the naughty strings in every place, all of them with NAUGHTY_SHARE=1."""

import functools
import operator
import os

from tests.security.naughty_strings import Outcome, judge, pairs, places, play, strings
from tests.security.operations import WITH_BODY, example, open_party, records, texts

SHARE = int(os.environ.get("NAUGHTY_SHARE", "200"))


async def test_a_naughty_string_is_refused_or_kept_as_it_is(stack, proves):
    outcome = await play(stack.base_url, open_party(stack.base_url), SHARE)
    assert outcome.broken == [], "\n".join(outcome.broken[:20])
    assert outcome.kept >= 3
    assert outcome.statuses[401] < sum(outcome.statuses.values()) / 3, "most requests never got to their string"
    print(outcome)
    proves("naughty", str(outcome))


def test_every_place_gets_strings_and_every_string_a_place(stack):
    found = places(stack.base_url)
    assert len(strings()) == 464
    assert {place.kind for place in found} == {"body", "query", "path", "header"}
    tried = list(pairs(stack.base_url, SHARE))
    assert {str(place) for place, _ in tried} == {str(place) for place in found}
    assert {number for _, number in tried} == set(range(464))


def test_the_examples_have_every_object_that_a_body_can_have(stack):
    for route in WITH_BODY:
        shown = example(route, stack.base_url)
        assert list(texts(shown)) or route.handler.__name__ == "rotate_key"
        objects = [path for path, _ in records(route.body)]
        assert objects
        for path in objects:
            assert isinstance(functools.reduce(operator.getitem, path, shown), dict), f"{route.path} {path}"


def test_a_changed_string_and_a_server_error_would_be_seen(stack):
    place = next(one for one in places(stack.base_url) if str(one) == "POST /tenants body name")
    outcome = Outcome()
    judge(place, "a\u0301", 201, '{"name": "\u00e1"}'.encode(), "normalised", outcome)
    judge(place, "x", 500, b"{}", "failed", outcome)
    health = next(one for one in places(stack.base_url) if str(one).startswith("GET /health "))
    judge(health, "x", 500, b"{}", "failed", outcome)
    judge(health, "x", 503, b"{}", "the sandbox is slow", outcome)
    assert len(outcome.broken) == 3
    report = next(one for one in places(stack.base_url) if str(one).startswith("POST /usage/report body"))
    judge(report, "x", 200, b'{"results": [{"event_id": null, "status": "rejected"}]}', "refused", outcome)
    assert (outcome.kept, outcome.rejected) == (0, 1)
