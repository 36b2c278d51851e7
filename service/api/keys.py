"""`/tenants/{tenant_id}/keys`: a tenant's API keys, whose text is shown once and never again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from service.api.route import Answer, Route
from service.api.tenants import author_of
from service.domain.api_key import API_KEY_PATTERN, KEY_ID, Scope
from service.domain.paging import NEXT_CURSOR, PAGE_QUERY, decode_cursor, encode_cursor
from service.domain.schema import Choice, Instant, Listing, Nullable, Record, Text, Whole
from service.domain.timestamp import format_seconds, parse_rfc3339
from service.errors import FieldError, LastKeyError, TooManyKeysError, ValidationError, VersionConflictError
from service.key_issuer import Issued, KeyOrder
from service.ledger.keyring import StoredKey
from service.parts import BODY, CLOCK, FORGET_KEY, KEY_ISSUER, KEYRING, QUERY, SCOPES
from service.parts import TENANT_ID as OWN

MAX_LIFE_DAYS = 3650
MAX_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 24 * 3600
_DAY_SECONDS = 24 * 3600
_LISTING = "keys"
_POSITION = r"[0-9]{1,12}-[0-9a-f]{32}"
_LABEL = Text(100, about="What the key is for.")
_SCOPES = Listing(Choice(list(Scope)), 1, len(Scope), unique=True)

KEY = Record(
    {
        "key_id": KEY_ID,
        "label": _LABEL,
        "scopes": Listing(Choice(list(Scope)), unique=True),
        "status": Choice(["active", "expired", "revoked"]),
        "created_at": Instant(),
        "expires_at": Nullable(Instant("From then on the key is refused.")),
        "last_used_at": Nullable(Instant("To the minute.")),
        "revoked_at": Nullable(Instant()),
    },
    name="Key",
)
NEW_KEY = Record({**KEY.fields, "api_key": Text(110, pattern=API_KEY_PATTERN, about="Shown this once.")}, name="NewKey")
KEYS = Record({"data": Listing(KEY), "next_cursor": NEXT_CURSOR}, name="Keys")
REVOKED = Record({"revoked": Listing(KEY_ID)}, name="RevokedKeys")
KEY_ORDER = Record(
    {
        "label": _LABEL,
        "scopes": _SCOPES,
        "expires_at": Instant("When the key ends; without it and `expires_in_days` it does not."),
        "expires_in_days": Whole(1, MAX_LIFE_DAYS),
    },
    optional=frozenset({"scopes", "expires_at", "expires_in_days"}),
    name="KeyOrder",
    about="Without scopes the new key may do what the asking key may; `expires_at` and `expires_in_days` exclude each "
    "other.",
)
ROTATION = Record(
    {
        "overlap_seconds": Whole(
            0,
            MAX_OVERLAP_SECONDS,
            default=DEFAULT_OVERLAP_SECONDS,
            about=f"How long the old key stays valid; {DEFAULT_OVERLAP_SECONDS} if it is not given.",
        )
    },
    optional=frozenset({"overlap_seconds"}),
    name="KeyRotation",
)


async def list_keys(request: web.Request) -> web.Response:
    query, now = request[QUERY], _now(request)
    keys = sorted(await request.app[KEYRING].all_of(request[OWN]), key=_position, reverse=True)
    if "cursor" in query:
        keys = _after(keys, decode_cursor(_LISTING, query["cursor"], _POSITION))
    page, rest = keys[: query["limit"]], keys[query["limit"] :]
    cursor = encode_cursor(_LISTING, "-".join(map(str, _position(page[-1])))) if rest else None
    return web.json_response({"data": [_shown(key, now) for key in page], "next_cursor": cursor})


async def create_key(request: web.Request) -> web.Response:
    body, scopes = request[BODY], request[SCOPES]
    wanted = frozenset(Scope(scope) for scope in body["scopes"]) if "scopes" in body else scopes
    order = KeyOrder(body["label"], wanted, _expiry(body, _now(request)))
    issued = await request.app[KEY_ISSUER].issue(request[OWN], order, scopes, author_of(request))
    return _created(issued, _now(request))


async def rotate_key(request: web.Request) -> web.Response:
    key_id, overlap = request.match_info["key_id"], request[BODY].get("overlap_seconds", DEFAULT_OVERLAP_SECONDS)
    issuer = request.app[KEY_ISSUER]
    issued = await issuer.rotate(request[OWN], key_id, overlap, request[SCOPES], author_of(request))
    request.app[FORGET_KEY](key_id)
    return _created(issued, _now(request))


async def revoke_key(request: web.Request) -> web.Response:
    """The key is refused at once by this process, and by all others as soon as what they remember is a second old."""
    key_id, now = request.match_info["key_id"], _now(request)
    entry = author_of(request).entry("key.revoked", {"key_id": key_id})
    key = await request.app[KEYRING].revoke(request[OWN], key_id, now, entry)
    request.app[FORGET_KEY](key_id)
    return web.json_response(_shown(key, now))


async def revoke_other_keys(request: web.Request) -> web.Response:
    author = author_of(request)
    own_id = author.actor.removeprefix("key:")
    entry = author.entry("key.revoked", {"all_but": own_id})
    revoked = await request.app[KEYRING].revoke_all_but(request[OWN], own_id, _now(request), entry)
    for key_id in revoked:
        request.app[FORGET_KEY](key_id)
    return web.json_response({"revoked": revoked})


def _now(request: web.Request) -> int:
    return int(request.app[CLOCK]().timestamp())


def _position(key: StoredKey) -> tuple[int, str]:
    return key.created_at, key.key_id


def _after(keys: list[StoredKey], position: str) -> list[StoredKey]:
    created_at, _, key_id = position.partition("-")
    return [key for key in keys if _position(key) < (int(created_at), key_id)]


def _expiry(body: Mapping[str, Any], now: int) -> int | None:
    """When the ordered key ends, in unix seconds; raises ValidationError."""
    if "expires_in_days" in body:
        if "expires_at" in body:
            raise ValidationError((FieldError("expires_at", "must not be given together with expires_in_days"),))
        return now + int(body["expires_in_days"]) * _DAY_SECONDS
    if "expires_at" not in body:
        return None
    instant = parse_rfc3339(body["expires_at"])
    if not isinstance(instant, datetime) or not now < instant.timestamp() <= now + MAX_LIFE_DAYS * _DAY_SECONDS:
        raise ValidationError((FieldError("expires_at", f"must be within the next {MAX_LIFE_DAYS} days"),))
    return int(instant.timestamp())


def _created(issued: Issued, now: int) -> web.Response:
    stored, key = issued
    return web.json_response({**_shown(stored, now), "api_key": key.text}, status=201)


def _shown(key: StoredKey, now: int) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "label": key.label,
        "scopes": [scope for scope in Scope if scope in key.scopes],
        "status": _status(key, now),
        "created_at": format_seconds(key.created_at),
        "expires_at": None if key.expires_at is None else format_seconds(key.expires_at),
        "last_used_at": None if key.last_used_at is None else format_seconds(key.last_used_at),
        "revoked_at": None if key.revoked_at is None else format_seconds(key.revoked_at),
    }


def _status(key: StoredKey, now: int) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "active" if key.expires_at is None or now < key.expires_at else "expired"


_PATH = "/tenants/{tenant_id}/keys"

ROUTES = (
    Route(
        "GET",
        _PATH,
        list_keys,
        scope=Scope.KEYS_READ,
        tag="Keys",
        summary="List the API keys",
        about="Newest first, those that ended included.",
        query=PAGE_QUERY,
        answers=(Answer(200, "The keys, without their secrets.", KEYS),),
    ),
    Route(
        "POST",
        _PATH,
        create_key,
        scope=Scope.KEYS_WRITE,
        tag="Keys",
        summary="Create an API key",
        body=KEY_ORDER,
        answers=(Answer(201, "The key, with its text.", NEW_KEY),),
        errors=(TooManyKeysError, VersionConflictError),
    ),
    Route(
        "DELETE",
        _PATH,
        revoke_other_keys,
        scope=Scope.KEYS_WRITE,
        tag="Keys",
        summary="Revoke every API key but the one that asks",
        answers=(Answer(200, "The ids of the keys that were valid until now.", REVOKED),),
        errors=(LastKeyError, VersionConflictError),
    ),
    Route(
        "DELETE",
        f"{_PATH}/{{key_id}}",
        revoke_key,
        scope=Scope.KEYS_WRITE,
        tag="Keys",
        summary="Revoke an API key",
        about="Takes effect everywhere within a second. Repeating it changes nothing.",
        answers=(Answer(200, "The revoked key.", KEY),),
        errors=(LastKeyError, VersionConflictError),
    ),
    Route(
        "POST",
        f"{_PATH}/{{key_id}}/rotate",
        rotate_key,
        scope=Scope.KEYS_WRITE,
        tag="Keys",
        summary="Replace an API key",
        about="The new key has the label, the scopes and the length of life of the old one.",
        body=ROTATION,
        answers=(Answer(201, "The new key, with its text.", NEW_KEY),),
        errors=(TooManyKeysError, VersionConflictError),
    ),
)
