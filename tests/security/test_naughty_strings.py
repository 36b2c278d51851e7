"""A share of the naughty strings in every place, all of them with NAUGHTY_SHARE=1."""

import os

from tests.security.naughty_strings import Outcome, judge, places, play, strings
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
    assert len(found) > SHARE
    assert {place.kind for place in found} == {"body", "query", "path", "header"}


def test_the_examples_have_every_object_that_a_body_can_have(stack):
    for route in WITH_BODY:
        assert list(texts(example(route, stack.base_url))) or route.handler.__name__ == "rotate_key"
        assert list(records(route.body))


def test_a_changed_string_and_a_server_error_would_be_seen(stack):
    place = next(one for one in places(stack.base_url) if str(one) == "POST /tenants body name")
    outcome = Outcome()
    judge(place, "a\u0301", 201, '{"name": "\u00e1"}'.encode(), "normalised", outcome)
    judge(place, "x", 500, b"{}", "failed", outcome)
    assert len(outcome.broken) == 2
