"""What a request is, told from its target alone, before anything else is done for it."""

import re
from collections.abc import Iterable

from service.limits.admission import Priority

UNLIMITED = frozenset({"/health", "/ready", "/webhooks/stripe"})
"""Probes, and Stripe: a webhook that is refused is money that is late, and a forged one costs no more than an HMAC.

They are held to no rate, and are the last to be shed."""
_IDENTIFIER = re.compile(r"/[0-9a-f]{32}(?=/|$)")
_TEMPLATE = re.compile(r"/{[a-z_]+}")
UNMATCHED = "unmatched"


class Triage:
    """Knows the routes' templates; a target of none of them is unmatched."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._templates = {_TEMPLATE.sub("/*", path): path for path in paths}

    def priority(self, target: str) -> Priority:
        return Priority.URGENT if target in UNLIMITED else Priority.ORDINARY

    def route(self, target: str) -> str:
        path = _IDENTIFIER.sub("/*", target.partition("?")[0])
        found = self._templates.get(path)  # else its last part may be a name of another form: a page, a token
        return found or self._templates.get(f"{path.rpartition('/')[0]}/*", UNMATCHED)
