"""The Lua scripts of the ledger; each is one atomic change or one consistent read."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

_INCLUDE = re.compile(r"^-- @include (?P<name>\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    source: str
    sha: str


def load_script(name: str) -> Script:
    """Read `<name>.lua` from this package; a line `-- @include <other>` stands for that file's text."""
    source = _expanded(name)
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


def _expanded(name: str) -> str:
    return _INCLUDE.sub(lambda found: _expanded(found["name"]), _text(name))


def _text(name: str) -> str:
    return files(__name__).joinpath(f"{name}.lua").read_text("utf-8")
