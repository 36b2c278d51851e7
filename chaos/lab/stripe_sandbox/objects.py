"""Where objects live: one collection a resource, in the order of creation, and Stripe's list object over it."""

import secrets
import string
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
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
    """All objects of one kind; `kind` is the word that error messages use.

    Objects are also found by the fields in `indexed` without a walk over all; who changes such a field adds again.
    """

    def __init__(self, kind: str, indexed: tuple[str, ...] = ()) -> None:
        self._kind = kind
        self._objects: dict[str, Object] = {}
        self._indexes: dict[str, dict[Any, dict[str, Object]]] = {field: {} for field in indexed}

    def add(self, thing: Object) -> Object:
        """Keep a new object, or replace the one with its id."""
        self._objects[thing["id"]] = thing
        for field, index in self._indexes.items():
            index.setdefault(thing.get(field), {})[thing["id"]] = thing
        return thing

    def remove(self, identifier: str) -> None:
        """Forget the object; one that is not there is no error."""
        gone = self._objects.pop(identifier, {})
        for field, index in self._indexes.items():
            index.get(gone.get(field), {}).pop(identifier, None)

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

    def of(self, field: str, value: str) -> list[Object]:
        """The objects whose indexed `field` holds `value`, oldest first."""
        found = self._indexes[field].get(value, {})
        return [thing for thing in found.values() if thing.get(field) == value]

    def page(self, params: Params, url: str, keep: Callable[[Object], bool] = lambda _: True) -> Object:
        """One page of the objects to `keep`, newest first; indexed parameters narrow the walk."""
        return page_of(filter(keep, self._newest_first(params)), params, url)

    def _newest_first(self, params: Params) -> Iterator[Object]:
        for field in self._indexes:
            value = params.text(field)
            if value is not None:
                return reversed(self.of(field, value))
        return reversed(self._objects.values())


def page_of(things: Iterable[Object], params: Params, url: str) -> Object:
    """Stripe's list object over `things`, cut by the paging parameters."""
    given = params.integer("limit")
    limit = 10 if given is None else given
    if not 1 <= limit <= 100:
        raise invalid_parameter("limit", "Limit must be between 1 and 100.")
    rows, after, before = iter(things), params.text("starting_after"), params.text("ending_before")
    if after is not None:
        _until(rows, after, "starting_after")
    elif before is not None:
        newer = _until(rows, before, "ending_before")
        return {"object": "list", "url": url, "has_more": len(newer) > limit, "data": newer[-limit:]}
    page = list(islice(rows, limit + 1))
    return {"object": "list", "url": url, "has_more": len(page) > limit, "data": page[:limit]}


def _until(rows: Iterator[Object], identifier: str, param: str) -> list[Object]:
    """What comes before the object with that id, which is taken from `rows` too."""
    passed: list[Object] = []
    for row in rows:
        if row["id"] == identifier:
            return passed
        passed.append(row)
    raise no_such("object", identifier, param)
