"""Reads variables and collects what is wrong with them."""

import re
from collections.abc import Callable, Mapping

from service.config.problems import ConfigError, Problem
from service.config.rules import is_http_url


class Reader:
    """Reads variables and collects what is wrong with them; an empty variable counts as unset."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._problems: list[Problem] = []

    def text(self, name: str, default: str) -> str:
        return self._env.get(name) or default

    def checked(self, name: str, default: str, rule: Callable[[str], str | None]) -> str:
        value = self.text(name, default)
        broken = rule(value)
        if broken:
            self.reject(name, broken)
        return value

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value in choices:
            return value
        self.reject(name, f"must be one of {', '.join(choices)}")
        return default

    def flag(self, name: str) -> bool:
        return self.choice(name, "false", ("true", "false")) == "true"

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high:
            return int(value)
        self.reject(name, f"must be a whole number from {low} to {high}")
        return default

    def ratio(self, name: str, default: float) -> float:
        value = self.text(name, str(default))
        if re.fullmatch(r"[01]|[01]?\.[0-9]{1,9}", value) and float(value) <= 1:
            return float(value)
        self.reject(name, "must be a number from 0 to 1")
        return default

    def url(self, name: str) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        if not is_http_url(value):
            self.reject(name, "must be an http or https URL with a host and without credentials or query")
        return value.rstrip("/")

    def reject(self, name: str, rule: str) -> None:
        self._problems.append(Problem(name, rule))

    def finish(self) -> None:
        if self._problems:
            raise ConfigError(tuple(self._problems))
