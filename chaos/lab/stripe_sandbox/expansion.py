"""`expand[]`: ids in an answer replaced by the objects that they name."""

from collections.abc import Callable, Mapping
from typing import Any

from chaos.lab.stripe_sandbox.errors import invalid_parameter
from chaos.lab.stripe_sandbox.objects import Object

Find = Callable[[str], Object]
Attach = Callable[[Object], Any]
DEPTH = 4


class Expansion:
    """`find` reads an object by its id's prefix; `attached` adds what objects of a kind show only when asked."""

    def __init__(self, find: Mapping[str, Find], attached: Mapping[tuple[str, str], Attach]) -> None:
        self._find = find
        self._attached = attached

    def apply(self, answer: Object, paths: list[str]) -> Object:
        """A copy of the answer with the paths expanded; the stored objects stay as they are."""
        for path in paths:
            steps = path.split(".")
            if len(steps) > DEPTH + (steps[0] == "data"):
                raise invalid_parameter("expand", f"You cannot expand more than {DEPTH} levels of a property: {path}.")
            answer = self._walk(answer, steps, path)
        return answer

    def _walk(self, thing: Any, steps: list[str], path: str) -> Any:
        if isinstance(thing, list):
            return [self._walk(each, steps, path) for each in thing]
        if not steps or thing is None:
            return thing
        if not isinstance(thing, dict):
            raise _cannot(path)
        value = self._value(thing, steps[0], path)
        if value is None and steps[0] not in thing:
            return thing
        return thing | {steps[0]: self._walk(value, steps[1:], path)}

    def _value(self, thing: Object, name: str, path: str) -> Any:
        attach = self._attached.get((thing.get("object", ""), name))
        if attach is not None:
            return attach(thing)
        if name not in thing:
            raise _cannot(path)
        value = thing[name]
        if not isinstance(value, str):
            return value
        find = self._find.get(value.rpartition("_")[0].removesuffix("_test"))
        if find is None:
            raise _cannot(path)
        return find(value)


def _cannot(path: str) -> Exception:
    return invalid_parameter("expand", f"This property cannot be expanded ({path}).")
