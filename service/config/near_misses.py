"""Variables that nobody reads and that look like one of ours."""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from service.config.problems import Problem
from service.config.variables import FILE_SUFFIX, VARIABLES

_CLOSE = 0.85
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,63}")


def near_misses(env: Mapping[str, str]) -> list[Problem]:
    """What is probably a typing error, with the name that was probably meant."""
    known = [*VARIABLES, *(name + FILE_SUFFIX for name, each in VARIABLES.items() if each.secret)]
    strangers = [name for name in sorted(env) if name not in known and _NAME.fullmatch(name)]
    return [
        Problem(name, f"is not read; did you mean {close[0]}?")
        for name in strangers
        if (close := get_close_matches(name.upper(), known, 1, _CLOSE)) and close[0] not in env
    ]
