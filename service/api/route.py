"""One endpoint: its handler, and the contract that is both enforced before the handler runs and shown to clients."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from service.api.body import read_json
from service.api.query import read_query
from service.domain.api_key import KEY_ID, Scope
from service.domain.schema import Schema
from service.domain.tenant import TENANT_ID as TENANT_ID_TEXT
from service.errors import NotFoundError, ServiceError, UnauthorizedError, ValidationError
from service.parts import ADMISSION, BODY, QUERY, TENANT_ID

_IDENTIFIERS: Mapping[str, str] = {"tenant_id": TENANT_ID_TEXT.pattern, "key_id": KEY_ID.pattern}

IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
IDEMPOTENCY_KEY = "Idempotency-Key"
MIN_PUBLIC_KEY_LENGTH = 20
"""Of an Idempotency-Key where no API key is asked for: there it protects the new API key in the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; `body` is None where it is not JSON, then `media_type` says what it is, if anything.

    `headers` maps the names of its headers to what they say; `optional_headers` those that it has at times.
    """

    status: int
    about: str
    body: Schema | None = None
    media_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    optional_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """`scope` is what the API key must have; None makes the route public.

    `handler` finds the judged body under BODY and the judged query under QUERY. A POST takes an Idempotency-Key unless
    `idempotent` says that it needs none. `errors` are those beyond the ones that every such route can answer with.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    tag: str
    summary: str
    answers: tuple[Answer, ...]
    body: Schema | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    errors: tuple[type[ServiceError], ...] = ()
    headers: tuple[str, ...] = ()
    idempotent: bool = False
    about: str = ""
    hidden: bool = False
    by_key_only: bool = False
    """Whether a session does not open it, though sessions have its scope."""

    @property
    def takes_idempotency_key(self) -> bool:
        return self.method == "POST" and not self.idempotent

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Enforce the contract, then run the handler; raises ServiceError."""
        if self.scope is not None and request.match_info.get("tenant_id", request[TENANT_ID]) != request[TENANT_ID]:
            raise NotFoundError  # somebody else's is indistinguishable from a missing one
        if self.by_key_only and request[ADMISSION].by_session:
            raise UnauthorizedError
        if not self.hidden:
            request[QUERY] = read_query(request, self.query)
        if self.body is not None:
            request[BODY] = await read_body(request, self.body)
        return await self.handler(request)


async def read_body(request: web.Request, schema: Schema) -> Mapping[str, object]:
    """Return the JSON body that follows `schema`; raises ValidationError with every bad field."""
    body = await read_json(request)
    faults = tuple(schema.faults(body, ""))
    if faults or not isinstance(body, Mapping):
        raise ValidationError(faults)
    return body


class Routes:
    """All routes, found again by what a request matched."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {(route.method, route.path): route for route in routes}

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def definitions(self) -> list[web.RouteDef]:
        return [web.route(route.method, _with_patterns(route.path), route.serve) for route in self]

    def of(self, request: web.Request) -> Route | None:
        """The route that the request matched; None if it matched none."""
        resource = request.match_info.route.resource
        if resource is None:
            return None
        method = "GET" if request.method == "HEAD" else request.method  # what answers the one answers the other
        return self._routes.get((method, resource.canonical))


def _with_patterns(path: str) -> str:
    """Let a path match by what its identifiers look like, so that `/usage/report` is never somebody's usage."""
    return re.sub(rf"{{({'|'.join(_IDENTIFIERS)})}}", lambda found: f"{{{found[1]}:{_IDENTIFIERS[found[1]]}}}", path)
