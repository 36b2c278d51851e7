"""Whatever is written reads back as it was, by a parser that we did not write."""

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.output import GENERATED
from slo.yaml_text import to_text

_LINE = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["C", "Zl", "Zp", "Zs"]) | st.just(" ")
)
_TEXT = _LINE | st.lists(_LINE, min_size=2).map("\n".join).filter(lambda text: not text.endswith("\n"))
_LEAF = (
    _TEXT
    | st.integers()
    | st.booleans()
    | st.sampled_from(["14.4", "1e3", "yes", "NULL", "0x1F", "1:30", "~", "2024-01-01"])
)


def _no_list(value: object) -> bool:
    return not isinstance(value, list) or not value


_NAMES = st.from_regex(r"[A-Za-z_{][A-Za-z0-9_\-{}=\"]{0,8}", fullmatch=True)
_DOCUMENTS = st.dictionaries(
    _NAMES,
    st.recursive(_LEAF, lambda inner: st.lists(inner.filter(_no_list)) | st.dictionaries(_NAMES, inner), max_leaves=12),
    min_size=1,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_DOCUMENTS)
def test_documents_read_back_as_they_were(document: dict[str, Any]) -> None:
    assert yaml.safe_load(to_text(document)) == document


def test_committed_files_read_the_same_to_a_general_emitter() -> None:
    for path in GENERATED.glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        assert yaml.safe_load(to_text(document)) == yaml.safe_load(yaml.safe_dump(document))


@pytest.mark.parametrize("text", ["a\tb", "ends\n", "\u2028", "\x07", "two\nlines\n", "\nfirst", "emoji \U0001f600"])
def test_unusual_text_reads_back(text: str) -> None:
    assert yaml.safe_load(to_text({"key": text})) == {"key": text}


@pytest.mark.parametrize("value", [None, object(), [["nested"]]])
def test_another_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="expected"):
        to_text({"key": value})
