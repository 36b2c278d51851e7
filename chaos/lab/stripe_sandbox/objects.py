"""Where objects live: one collection a resource, in the order of creation, and Stripe's list object over it."""

import secrets
import string
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from chaos.lab.stripe_sandbox.errors import invalid_parameter, no_such
from chaos.lab.stripe_sandbox.params import Params

Object: TypeAlias = dict[str, Any]
Clock: TypeAlias = Callable[[], float]  # unix seconds

PAGING = ("limit", "starting_after", "ending_before")
_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """An id in Stripe's manner, such as `cus_` and 14 characters."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(14))


class Collection:
    """All objects of one kind; `kind` is the word that error messages use."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._objects: dict[str, Object] = {}

    def add(self, thing: Object) -> Object:
        """Keep a new object, or replace the one with its id."""
        self._objects[thing["id"]] = thing
        return thing

    def get(self, identifier: str, param: str = "id") -> Object:
        """The object, or a RefusedError that names `param`."""
        if identifier not in self._objects:
            raise no_such(self._kind, identifier, param)
        return self._objects[identifier]

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._objects

    def all(self) -> list[Object]:
        """Every object, oldest first."""
        return list(self._objects.values())

    def page(self, params: Params, url: str, keep: Callable[[Object], bool] = lambda _: True) -> Object:
        """One page of the objects to `keep`, newest first."""
        newest_first = [thing for thing in reversed(self._objects.values()) if keep(thing)]
        return page_of(newest_first, params, url)


def page_of(things: Iterable[Object], params: Params, url: str) -> Object:
    """Stripe's list object over `things`, cut by the paging parameters."""
    rows = list(things)
    given = params.integer("limit")
    limit = 10 if given is None else given
    if not 1 <= limit <= 100:
        raise invalid_parameter("limit", "Limit must be between 1 and 100.")
    after, before = params.text("starting_after"), params.text("ending_before")
    if after is not None:
        rows = rows[_position(rows, after, "starting_after") + 1 :]
        page = rows[:limit]
    elif before is not None:
        rows = rows[: _position(rows, before, "ending_before")]
        page = rows[-limit:]
    else:
        page = rows[:limit]
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": page}


def _position(rows: list[Object], identifier: str, param: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == identifier:
            return index
    raise no_such("object", identifier, param)
