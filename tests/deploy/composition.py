"""docker-compose.yml as Compose reads it: its services, and the variables that a container gets for a `.env`."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from chaos.lab.programs import PROJECT

TEXT = (PROJECT / "docker-compose.yml").read_text()
COMPOSE: Mapping[str, Any] = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Any] = COMPOSE["services"]
PRICES = {f"STRIPE_{plan}_PRICE_ID": "price_checked" for plan in ("STARTER", "PRO", "ENTERPRISE")}
_INNERMOST = re.compile(r"\$\{(\w+):([-?])([^{}]*)\}")


def environment(service: str, dotenv: Mapping[str, str]) -> dict[str, str]:
    """What the container of a service gets where `.env` says that and the prices."""
    said = {**PRICES, **dotenv}
    return {name: _filled(value, said) for name, value in SERVICES[service]["environment"].items()}


def networks(service: str) -> set[str]:
    return set(SERVICES[service]["networks"])


def bound_bytes(size: str) -> int:
    """What `mem_limit: 512m` means, and Redis's `512mb`, which is the same."""
    return int(size.rstrip("gmb")) << {"m": 20, "g": 30}[size.rstrip("b")[-1]]


def _filled(text: str, said: Mapping[str, str]) -> str:
    def fill(found: "re.Match[str]") -> str:
        name, kind, otherwise = found.groups()
        assert said.get(name) or kind == "-", f"{name} is not set: {otherwise}"
        return said.get(name) or otherwise

    while (filled := _INNERMOST.sub(fill, text)) != text:
        text = filled
    return text
