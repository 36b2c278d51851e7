import pytest

from chaos.lab.stripe_sandbox.errors import RefusedError
from chaos.lab.stripe_sandbox.forms import nest
from chaos.lab.stripe_sandbox.params import Params


def test_brackets_nest() -> None:
    pairs = [("items[0][price]", "p1"), ("items[1][price]", "p2"), ("metadata[tenant_id]", "t1"), ("name", "n")]
    assert nest(pairs) == {
        "items": {"0": {"price": "p1"}, "1": {"price": "p2"}},
        "metadata": {"tenant_id": "t1"},
        "name": "n",
    }


def test_empty_brackets_count_up() -> None:
    assert nest([("types[]", "a"), ("types[]", "b")]) == {"types": {"0": "a", "1": "b"}}


@pytest.mark.parametrize("key", ["[a]", "a[b", "a]b", "a[b]c", ""])
def test_a_malformed_name_is_refused(key: str) -> None:
    with pytest.raises(RefusedError):
        nest([(key, "1")])


@pytest.mark.parametrize("keys", [("a", "a"), ("a", "a[b]"), ("a[b]", "a")])
def test_a_name_cannot_be_two_things(keys: tuple[str, str]) -> None:
    with pytest.raises(RefusedError):
        nest([(key, "1") for key in keys])


def test_groups_come_in_the_order_of_their_indexes() -> None:
    params = Params(nest([(f"items[{n}][price]", f"p{n}") for n in (10, 2, 1)]))
    assert [item.text("price") for item in params.groups("items")] == ["p1", "p2", "p10"]


def test_errors_name_the_parameter_as_it_was_written() -> None:
    item = Params(nest([("items[0][quantity]", "two")])).groups("items")[0]
    with pytest.raises(RefusedError) as refused:
        item.integer("quantity")
    assert refused.value.param == "items[0][quantity]"


def test_metadata_merges_removes_and_clears() -> None:
    current = {"a": "1", "b": "2"}
    assert Params(nest([("metadata[a]", ""), ("metadata[c]", "3")])).metadata(current) == {"b": "2", "c": "3"}
    assert Params(nest([("metadata", "")])).metadata(current) == {}
    assert Params({}).metadata(current) == current


@pytest.mark.parametrize(
    "pairs",
    [
        [("metadata[" + "k" * 41 + "]", "v")],
        [("metadata[k]", "v" * 501)],
        [(f"metadata[k{n}]", "v") for n in range(51)],
    ],
)
def test_metadata_has_stripes_limits(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError):
        Params(nest(pairs)).metadata({})
