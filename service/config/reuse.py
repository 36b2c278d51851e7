"""Secrets that are used twice: whoever learns the one has the other."""

from collections.abc import Iterator, Mapping

from service.config.problems import Problem

_MIN_LENGTH = 8
"""Shorter ones are refused by their own rules, and are found in longer ones by chance."""


def reused(values: Mapping[str, str]) -> Iterator[Problem]:
    """One problem for each secret that is, or holds, or is held by, another one."""
    for name, value in values.items():
        others = [
            other
            for other, its in values.items()
            if other != name and min(len(value), len(its)) >= _MIN_LENGTH and (value in its or its in value)
        ]
        if others:
            yield Problem(name, f"must share nothing with {', '.join(others)}")
