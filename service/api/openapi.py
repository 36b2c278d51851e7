"""The API's own description, OpenAPI 3.1, made from the routes that are served."""

import re
from collections.abc import Iterable, Iterator, Mapping

from service.api.route import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, MIN_PUBLIC_KEY_LENGTH, Answer, Route
from service.domain.api_key import KEY_ID
from service.domain.download_token import DOWNLOAD_TOKEN
from service.domain.schema import Anything, Listing, Record, Schema, Text, Whole, named_records
from service.domain.tenant import TENANT_ID
from service.domain.usage import EVENT_TYPE
from service.errors import (
    BodyTimeoutError,
    BodyTooLargeError,
    ClientDisconnectedError,
    IdempotencyInFlightError,
    IdempotencyKeyReusedError,
    InsufficientScopeError,
    LedgerUnavailableError,
    MalformedRequestError,
    NotFoundError,
    OverloadedError,
    RateLimitedError,
    ServiceError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
    ValidationError,
)
from service.limits.triage import UNLIMITED
from service.middleware.authentication import SAFE_METHODS
from service.middleware.session_cookie import CSRF_HEADER, SESSION_COOKIE
from service.sessions import SESSION_SCOPES

_TEXT = Text(2000, pattern="(?s:.*)", min_length=0)
_FIELD_FAULT = Record({"field": _TEXT, "rule": _TEXT}, name="FieldFault", about="One field and the rule it breaks.")
PROBLEM = Record(
    {
        "type": Text(200, pattern="urn:c2pa-billing:problem:.*"),
        "title": _TEXT,
        "status": Whole(400, 599),
        "code": Text(64, pattern="[A-Za-z0-9_]+", about="Stable; programs decide by it."),
        "request_id": Text(64, pattern="[0-9a-f]+"),
        "detail": _TEXT,
        "errors": Listing(_FIELD_FAULT, about="Every bad field, where fields are at fault."),
        "more_errors": Whole(1, 10**6, about="How many more fields are at fault than are named."),
        "results": Listing(Anything(), about="What became of each reported event, where a limit refused them."),
    },
    optional=frozenset({"detail", "errors", "more_errors", "results"}),
    name="Problem",
    about="What went wrong, as RFC 9457 has it.",
)
_HEADER_PARAMETERS: Mapping[str, dict[str, object]] = {
    IDEMPOTENCY_KEY: {
        "description": (
            "Makes the request safe to repeat: for 24 hours the same key with the same request is answered with the "
            "first answer, and with another request by 422."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"},
    },
    IF_MATCH: {
        "description": "An ETag that was read before; the request is refused by 412 if the resource has changed since.",
        "schema": {"type": "string", "maxLength": 200, "pattern": r'^(?:\*|"[0-9]{1,18}")$'},
    },
    IF_NONE_MATCH: {
        "description": "An ETag that was read before; the answer is an empty 304 if the resource is unchanged.",
        "schema": {"type": "string"},
    },
}
_PUBLIC_IDEMPOTENCY_KEY: dict[str, object] = {
    "description": (
        "As for other requests, but hard to guess: whoever has the key can have the answer, with its API key, again."
    ),
    "schema": {
        "type": "string",
        "minLength": MIN_PUBLIC_KEY_LENGTH,
        "maxLength": 255,
        "pattern": f"^[!-~]{{{MIN_PUBLIC_KEY_LENGTH},255}}$",
    },
}
_PATH_PARAMETERS: Mapping[str, Schema] = {
    "tenant_id": TENANT_ID,
    "key_id": KEY_ID,
    "token": DOWNLOAD_TOKEN,
    "event_type": EVENT_TYPE,
}


def describe(routes: Iterable[Route], version: str) -> dict[str, object]:
    """Return the OpenAPI document of the routes that are not hidden."""
    shown = [route for route in routes if not route.hidden]
    paths: dict[str, dict[str, object]] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "C2PA billing",
            "version": version,
            "description": "Self-serve billing for C2PA content-credential services.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in shown)],
        "paths": paths,
        "components": {
            "schemas": {record.name: record.definition() for record in _records(shown)},
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: c2pa_<unix seconds>_<id>_<secret>.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "The session of our own pages, from `POST /session`; an API key comes before it.",
                },
                "csrfToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": CSRF_HEADER,
                    "description": "Comes with the session, and must come with whatever may change something by it.",
                },
            },
        },
    }


def errors_of(route: Route) -> list[type[ServiceError]]:
    """Every error that the route can answer with, by status."""
    errors: set[type[ServiceError]] = {LedgerUnavailableError, OverloadedError, ServiceError, *route.errors}
    errors |= {ValidationError}
    if route.path not in UNLIMITED:
        errors |= {RateLimitedError}
    if route.scope is not None:
        errors |= {UnauthorizedError, InsufficientScopeError}
    if "{" in route.path:
        errors |= {NotFoundError}
    if route.method in ("POST", "PUT"):
        errors |= {MalformedRequestError, BodyTimeoutError, BodyTooLargeError}
    if route.body is not None:
        errors |= {UnsupportedMediaTypeError}
    if route.takes_idempotency_key:
        errors |= {IdempotencyInFlightError, IdempotencyKeyReusedError}
    return sorted(errors - {ClientDisconnectedError}, key=lambda error: (error.status, error.code))


def _security(route: Route) -> list[dict[str, list[str]]]:
    """The ways in, each by itself; a session has some scopes only."""
    if route.scope is None:
        return []
    if route.by_key_only or route.scope not in SESSION_SCOPES:
        return [{"apiKey": []}]
    session: dict[str, list[str]] = {"session": []}
    return [{"apiKey": []}, session if route.method in SAFE_METHODS else {**session, "csrfToken": []}]


def _operation(route: Route) -> dict[str, object]:
    operation: dict[str, object] = {
        "operationId": _operation_id(route),
        "tags": [route.tag],
        "summary": route.summary,
        "security": _security(route),
        "parameters": [*_parameters(route)],
        "responses": {
            **{str(answer.status): _response(answer) for answer in route.answers},
            **_problems(route),
        },
    }
    described = route.about + (f"\n\nNeeds the scope `{route.scope}`." if route.scope else "")
    if described.strip():
        operation["description"] = described.strip()
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": route.body.document()}},
        }
    return operation


def _operation_id(route: Route) -> str:
    return str(getattr(route.handler, "__name__", route.path))


def _parameters(route: Route) -> Iterator[dict[str, object]]:
    for name in re.findall(r"{(\w+)}", route.path):
        schema = _PATH_PARAMETERS.get(name, Text(200, pattern="[^/]+"))
        yield {"name": name, "in": "path", "required": True, "schema": schema.document()}
    for name, schema in route.query.items():
        yield {"name": name, "in": "query", "required": False, "schema": schema.document()}
    headers = (*((IDEMPOTENCY_KEY,) if route.takes_idempotency_key else ()), *route.headers)
    public = {IDEMPOTENCY_KEY: _PUBLIC_IDEMPOTENCY_KEY} if route.scope is None else {}
    for name in headers:
        yield {"name": name, "in": "header", "required": False, **{**_HEADER_PARAMETERS, **public}[name]}


def _response(answer: Answer) -> dict[str, object]:
    response: dict[str, object] = {"description": answer.about}
    if answer.body is not None:
        response["content"] = {"application/json": {"schema": answer.body.document()}}
    elif answer.media_type:
        response["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    headers = {**answer.headers, **answer.optional_headers}
    if headers:
        response["headers"] = {
            name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()
        }
    return response


def _problems(route: Route) -> dict[str, object]:
    answers: dict[str, dict[str, object]] = {}
    taken = {answer.status for answer in route.answers}
    for error in errors_of(route):
        if error.status in taken:
            continue
        answer = answers.setdefault(str(error.status), {"description": ""})
        line = f"`{error.code}`: {error.title}."
        answer["description"] = f"{answer['description']}\n\n{line}".strip()
        answer["content"] = {"application/problem+json": {"schema": PROBLEM.document()}}
    return dict(answers)


def _records(routes: Iterable[Route]) -> list[Record]:
    schemas: list[object] = [PROBLEM]
    for route in routes:
        schemas += [route.body, *route.query.values(), *(answer.body for answer in route.answers)]
    found = {record.name: record for schema in schemas for record in named_records(schema)}
    return [found[name] for name in sorted(found)]
