"""What is refused as a secret, and that the quick look before the patterns changes no answer."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.secret_texts import TEXTS, unhinted
from service.domain import c2pa_facts
from service.domain.schema import TEXT, Text
from service.secret_forms import load_forms, masked, refused_names, secret_in

FORMS = load_forms()
REFUSED = [form for form in FORMS if form.refused]
PARTS = ["c2pa_", "_live_", "sk_", "whsec_", "eyJ", ".", "-", " ", "4242", "3782 822463", "5", "a_b", "\u0664\u0662"]


def pieces():
    """Whole secrets, parts of them and other text, so that hints stand beside what only looks like a secret."""
    secrets = [st.from_regex(form.regex, fullmatch=True) for form in REFUSED]
    examples = st.sampled_from([form.example for form in FORMS] + [form.kept for form in FORMS])
    cut = st.builds(lambda text, start, end: text[start:end], examples, st.integers(0, 9), st.integers(5, 80))
    return st.one_of(*secrets, examples, cut, st.sampled_from(PARTS), st.text(max_size=20))


@given(st.lists(pieces(), max_size=5).map("".join))
@example("")
def test_the_hints_change_no_answer(text):
    assert secret_in(text) == unhinted(text)


@pytest.mark.parametrize("form", REFUSED, ids=lambda form: form.name)
def test_every_secret_is_refused_by_its_name_and_what_looks_alike_is_taken(form):
    assert secret_in(form.example) == secret_in(f"see {form.example}, please") == form.name
    assert secret_in(form.kept) is None
    assert form.example not in masked(f"see {form.example}, please")


@pytest.mark.parametrize("text", TEXTS)
def test_what_clients_write_is_taken(text):
    assert secret_in(text) is None


def test_a_number_that_fails_the_check_of_cards_is_taken():
    assert secret_in("4242 4242 4242 4242") == "card number"
    assert secret_in("4242 4242 4242 4241") is None


def test_the_description_says_what_is_refused_where_it_is():
    note = Text(200, about="Why.")
    told = f"A text that holds a secret ({refused_names()}) is refused as `validation_failed`."
    assert note.document()["description"] == f"Why. {told}"
    assert Text(200).document()["description"] == told
    for other in (Text(200, about="Why.", ours=True), Text(200, about="Why.", pattern=f"x{TEXT}")):
        assert other.document()["description"] == "Why."
        assert list(other.faults(f"x{REFUSED[0].example}", "note")) == []
    properties = c2pa_facts.document()["description"]
    assert f"holds a secret ({refused_names()})" in properties
    assert "`invalid_properties`" in properties
    assert all(form.name in refused_names() for form in REFUSED)


async def test_the_published_contract_tells_the_errors_that_are_answered(service, make_event):
    tenant_id, headers = await service.tenant()
    _, description = await service.get("/openapi.json")
    shown = description["components"]["schemas"]
    assert "`validation_failed`" in shown["TenantChange"]["properties"]["name"]["description"]
    assert "`invalid_properties`" in shown["UsageEvent"]["properties"]["properties"]["description"]
    for form in REFUSED:
        change = {"name": f"Ltd {form.example}"}
        async with service.http.put(f"/tenants/{tenant_id}", json=change, headers=headers) as response:
            problem = await response.json()
        assert (response.status, problem["code"]) == (422, "validation_failed")
        assert {"field": "name", "rule": f"must not hold a secret ({form.name})"} in problem["errors"]
        reported = [make_event(form.name.replace(" ", "-"), properties={"note": form.example})]
        async with service.http.post("/usage/report", json={"events": reported}, headers=headers) as response:
            [result] = (await response.json())["results"]
        assert (result["status"], result["code"]) == ("rejected", "invalid_properties")
