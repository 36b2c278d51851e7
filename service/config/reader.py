"""Reads variables and collects what is wrong with them."""

import re
from collections.abc import Callable, Mapping

from service.config.problems import ConfigError, Problem
from service.config.reuse import reused
from service.config.rules import is_http_url
from service.config.secret_file import UnreadableError, read_secret_file
from service.config.variables import EXAMPLES, FILE_SUFFIX, VARIABLES

Rule = Callable[[str], str | None]
"""Returns what is wrong with a value, or None."""


class Reader:
    """Reads the variables of the table, and no others; an empty variable counts as unset."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._rules: dict[str, list[str]] = {}
        self._secrets: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self._env.get(name) or default or VARIABLES[name].default

    def checked(self, name: str, rule: Rule) -> str:
        value = self.text(name)
        self._judge(name, value, rule)
        return value

    def secret(self, name: str, rule: Rule) -> str:
        """Return a secret that must be there, from its variable or its file."""
        value = self.optional_secret(name, rule)
        if value is None and name not in self._rules:
            self.reject(name, rule("") or "is required")
        return value or ""

    def optional_secret(self, name: str, rule: Rule) -> str | None:
        """Return a secret, from its variable or its file; None if it is not set."""
        value = self._given(name)
        if value is not None:
            self._secrets[name] = value
            self._judge(name, value, rule)
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name).lower()
        if value in choices:
            return value
        self.reject(name, f"must be one of {', '.join(choices)}")
        return VARIABLES[name].default

    def flag(self, name: str) -> bool:
        return self.choice(name, ("true", "false")) == "true"

    def integer(self, name: str, low: int, high: int) -> int:
        value = self.text(name)
        if value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high:
            return int(value)
        self.reject(name, f"must be a whole number from {low} to {high}")
        return int(VARIABLES[name].default)

    def ratio(self, name: str) -> float:
        value = self.text(name)
        if re.fullmatch(r"[01]|[01]?\.[0-9]{1,9}", value) and float(value) <= 1:
            return float(value)
        self.reject(name, "must be a number from 0 to 1")
        return float(VARIABLES[name].default)

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if not value:
            return None
        if not is_http_url(value):
            self.reject(name, "must be an http or https URL with a host and without credentials or query")
        return value.rstrip("/")

    def reject(self, name: str, rule: str) -> None:
        self._rules.setdefault(name, []).append(rule)

    def finish(self) -> None:
        """Raises ConfigError if anything was wrong."""
        for problem in reused(self._secrets):
            self.reject(problem.name, problem.rule)
        if self._rules:
            raise ConfigError([Problem(name, ", ".join(rules)) for name, rules in self._rules.items()])

    def _judge(self, name: str, value: str, rule: Rule) -> None:
        if value in EXAMPLES:
            self.reject(name, "must not be an example's value")
            return
        broken = rule(value)
        if broken:
            self.reject(name, broken)

    def _given(self, name: str) -> str | None:
        value, file = self._env.get(name), self._env.get(name + FILE_SUFFIX)
        if value and file:
            self.reject(name, f"must not be set together with {name}{FILE_SUFFIX}")
        if value or not file:
            return value or None
        try:
            return read_secret_file(file)
        except UnreadableError as error:
            self.reject(name + FILE_SUFFIX, f"must name a readable file with one line of text ({error})")
            self.reject(name, "could not be read from its file")
            return None
