"""What a secret looks like (secret_forms.yaml): it is masked in telemetry, and refused in texts for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

MASK = "****"
CARD = "card number"
_SHORTEST_REFUSED = 13
"""No refused form is shorter: the keys of Stripe are longer than what the pattern asks for, card numbers as long."""


@dataclass(frozen=True, slots=True)
class SecretForm:
    """`regex` is RE2; `example` is to be masked, `kept` only looks alike; whatever is matched holds the `hint`."""

    name: str
    regex: str
    example: str
    kept: str
    refused: bool = False
    hint: str = ""


@cache
def load_forms() -> Sequence[SecretForm]:
    text = files("service").joinpath("secret_forms.yaml").read_text("utf-8")
    return tuple(SecretForm(**entry) for entry in yaml.safe_load(text)["patterns"])


def masked(text: str, values: Sequence[str] = ()) -> str:
    """The text without any of these values and without anything that has a secret's form."""
    for value in values:
        text = text.replace(value, MASK)
    for form in _compiled():
        text = form.sub(MASK, text)
    return text


def secret_in(text: str) -> str | None:
    """The name of the secret that a text for people holds: a key, a token, or digits that can be a card's number."""
    if len(text) < _SHORTEST_REFUSED:
        return None
    for name, hint, pattern in _refused():
        if hint.search(text) is None:  # nearly always, at a fraction of what the pattern takes
            continue
        if any(name != CARD or has_card_check(found[0]) for found in pattern.finditer(text)):
            return name
    return None


@cache
def refused_names() -> str:
    """What is refused, as a description for clients says it."""
    return ", ".join(form.name for form in load_forms() if form.refused)


@cache
def _refused() -> Sequence[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Each form with its hint and its pattern."""
    refused = [form for form in load_forms() if form.refused]
    return tuple((form.name, re.compile(form.hint), re.compile(form.regex)) for form in refused)


@cache
def _compiled() -> Sequence[re.Pattern[str]]:
    return tuple(re.compile(form.regex) for form in load_forms())


def has_card_check(text: str) -> bool:
    """The Luhn check, without which one number of ten would be taken for a card's."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
