"""Typed reading of a request's parameters, with Stripe's answers to what is missing, unknown or wrong."""

import operator
from collections.abc import Callable, Mapping

from chaos.lab.stripe_sandbox.errors import invalid_parameter, missing_parameter, unknown_parameter
from chaos.lab.stripe_sandbox.forms import Tree

COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500


class Params:
    """One level of a parameter tree; `path` is how its parent names it. Every reader raises RefusedError."""

    def __init__(self, tree: Tree, path: str = "") -> None:
        self.tree = tree
        self._path = path

    def accept(self, *names: str) -> None:
        """Refuse every parameter that is not among `names`; called before anything is changed."""
        for name in self.tree:
            if name not in names:
                raise unknown_parameter(self._full(name))

    def __contains__(self, name: str) -> bool:
        return name in self.tree

    def text(self, name: str) -> str | None:
        """A string; an empty one counts as none, as Stripe clears a field with it."""
        value = self.tree.get(name)
        if isinstance(value, dict):
            raise invalid_parameter(self._full(name), f"Invalid string: {self._full(name)}")
        return value or None

    def required_text(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(self._full(name))
        return value

    def choice(self, name: str, options: tuple[str, ...]) -> str | None:
        """One of `options`."""
        value = self.text(name)
        if value is not None and value not in options:
            listed = " or ".join(options)
            raise invalid_parameter(self._full(name), f"Invalid {self._full(name)}: must be one of {listed}")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError as error:
            raise invalid_parameter(
                self._full(name), f"Invalid integer: {value}", "parameter_invalid_integer"
            ) from error

    def required_integer(self, name: str) -> int:
        """A whole number that must be there."""
        value = self.integer(name)
        if value is None:
            raise missing_parameter(self._full(name))
        return value

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def group(self, name: str) -> "Params | None":
        """A nested object."""
        value = self.tree.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            raise invalid_parameter(self._full(name), f"Invalid object: {self._full(name)}")
        return Params(value, self._full(name))

    def required_group(self, name: str) -> "Params":
        """A nested object that must be there."""
        group = self.group(name)
        if group is None:
            raise missing_parameter(self._full(name))
        return group

    def groups(self, name: str) -> "list[Params]":
        """A list of objects, in the order of their indexes; none when the parameter is absent."""
        group = self.group(name)
        if group is None:
            return []
        if not all(key.isdecimal() for key in group.tree):
            raise invalid_parameter(self._full(name), f"Invalid array: {self._full(name)}")
        elements = (group.group(key) for key in sorted(group.tree, key=int))
        return [element for element in elements if element is not None]

    def texts(self, name: str) -> dict[str, str]:
        """A flat object of strings, such as a meter event's payload."""
        group = self.required_group(name)
        return {key: group.text(key) or "" for key in group.tree}

    def list_of_texts(self, name: str) -> list[str]:
        """A list of strings, in the order of their indexes; empty when absent or cleared."""
        if self.tree.get(name, "") == "":
            return []
        return [text for _, text in sorted(self.texts(name).items(), key=lambda pair: int(pair[0]))]

    def time_range(self, name: str) -> Callable[[int], bool]:
        """A moment, or bounds `[gt|gte|lt|lte]`, as a test of a unix time."""
        if not isinstance(self.tree.get(name), dict):
            exact = self.integer(name)
            return lambda moment: exact in {None, moment}
        bounds = self.required_group(name)
        bounds.accept(*COMPARISONS)
        limits = [(COMPARISONS[sign], bounds.required_integer(sign)) for sign in bounds.tree]
        return lambda moment: all(compare(moment, limit) for compare, limit in limits)

    def metadata(self, current: Mapping[str, str]) -> dict[str, str]:
        """`current` with the request's changes: an empty value removes its key, an empty object all of them."""
        if self.tree.get("metadata") == "":
            return {}
        group = self.group("metadata")
        changes = {} if group is None else {key: group.text(key) for key in group.tree}
        merged = {**current, **changes}
        kept = {key: value for key, value in merged.items() if value is not None}
        _check_metadata(kept)
        return kept

    def _full(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name


def _check_metadata(metadata: Mapping[str, str]) -> None:
    if len(metadata) > METADATA_KEYS:
        raise invalid_parameter("metadata", f"Metadata can hold at most {METADATA_KEYS} keys.")
    for key, value in metadata.items():
        if len(key) > METADATA_KEY_LENGTH or len(value) > METADATA_VALUE_LENGTH:
            raise invalid_parameter(
                f"metadata[{key}]",
                f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, values up to {METADATA_VALUE_LENGTH}.",
            )
