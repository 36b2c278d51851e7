"""The Lua scripts of the ledger; each is one atomic change or one consistent read."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    source: str
    sha: str


def load_script(name: str) -> Script:
    """Read `<name>.lua` from this package."""
    source = files(__name__).joinpath(f"{name}.lua").read_text("utf-8")
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
