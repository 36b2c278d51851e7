"""Form encoding with brackets, as Stripe's clients write it: `items[0][price]=p&metadata[a]=b`."""

import re
from collections.abc import Iterable
from typing import TypeAlias

from chaos.lab.stripe_sandbox.errors import RefusedError

Tree: TypeAlias = dict[str, "Tree | str"]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def nest(pairs: Iterable[tuple[str, str]]) -> Tree:
    """Pairs as a tree; list elements keep their index as the key, `name[]` counts up. Raises RefusedError."""
    tree: Tree = {}
    for key, value in pairs:
        _place(tree, key, value)
    return tree


def _place(tree: Tree, key: str, value: str) -> None:
    *branches, leaf = _steps(key)
    node = tree
    for branch in branches:
        child = node.setdefault(branch or str(len(node)), {})
        if isinstance(child, str):
            raise _conflict(key)
        node = child
    leaf = leaf or str(len(node))
    if leaf in node:
        raise _conflict(key)
    node[leaf] = value


def _steps(key: str) -> list[str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise RefusedError(400, f"Invalid parameter name: {key}", param=key)
    return [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]


def _conflict(key: str) -> RefusedError:
    return RefusedError(400, f"Invalid request: {key} is given twice or as two kinds of value.", param=key)
