"""The Big List of Naughty Strings in every text of every operation: refused as the client's fault, or kept as it is.

A test tries a share of them in each place; `make naughty` all.
"""

import asyncio
import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import aiohttp
from yarl import URL

from service.api.route import Route
from tests.security.operations import PUBLISHED, Party, example, named, path_of, put, texts

FOLDER = Path(__file__).with_name("naughty")
AT_ONCE = 4
TRIES = 10
HEADERS = ("Idempotency-Key", "If-Match", "If-None-Match", "Authorization", "Content-Type", "Stripe-Signature")
HEADERS += ("Cookie", "Origin", "X-Forwarded-For", "traceparent")
UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
IDENTIFIERS = ("tenant_id", "key_id", "token", "event_type", "file")
SHOWN = {"name", "email", "label", "event_id"}
"""Texts that an answer shows again under the same name; those must come back as they were sent."""


@dataclass(frozen=True)
class Place:
    """Where in a request a string goes: a part of its body, a name of its query, a part of its path, or a header."""

    route: Route
    kind: str
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"{named(self.route)} {self.kind} {'.'.join(map(str, self.path))}"


@dataclass
class Outcome:
    """What became of all requests; `broken` says what went wrong, with the string's number."""

    places: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    kept: int = 0
    rejected: int = 0
    """Answers of 200 whose events were all refused: a report judges each event by itself."""
    unsendable: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        tried = sum(self.statuses.values())
        accepted = sum(count for status, count in self.statuses.items() if status < 300) - self.rejected
        return (
            f"requests={tried} places={len(self.places)} accepted={accepted} round_trips={self.kept} "
            f"unsendable_headers={self.unsendable} server_errors="
            f"{sum(count for status, count in self.statuses.items() if status >= 500)} broken={len(self.broken)}"
        )


def strings() -> list[str]:
    """The list, as its authors have it; ValueError if the file is another one."""
    content = (FOLDER / "blns.base64.json").read_bytes()
    if hashlib.sha256(content).hexdigest() != (FOLDER / "SOURCE.txt").read_text().split()[-1]:
        raise ValueError(f"{FOLDER}: the list is not the one that SOURCE.txt names")
    return [base64.b64decode(one).decode().removesuffix("\n") for one in json.loads(content)]


def places(base_url: str) -> list[Place]:
    found = []
    for route in PUBLISHED:
        if route.body is not None:
            found += [Place(route, "body", path) for path in texts(example(route, base_url))]
        found += [Place(route, "query", (name,)) for name in (*route.query, "unknown")]
        found += [Place(route, "path", (name,)) for name in IDENTIFIERS if f"{{{name}}}" in route.path]
        found += [Place(route, "header", (name,)) for name in HEADERS]
    return found


def pairs(base_url: str, share: int) -> Iterator[tuple[Place, int]]:
    """Each `share`-th string in each place, beginning elsewhere in each, so that every string is tried somewhere."""
    count = len(strings())
    for offset, place in enumerate(places(base_url)):
        for number in range(offset % share, count, share):
            yield place, number


async def play(base_url: str, party: Party, share: int) -> Outcome:
    outcome, naughty, gate = Outcome(), strings(), asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:

        async def one(place: Place, number: int) -> None:
            async with gate:
                await try_one(http, base_url, party, place, naughty[number], f"{place} #{number}", outcome)

        async with asyncio.TaskGroup() as group:
            for place, number in pairs(base_url, share):
                outcome.places.add(str(place))
                group.create_task(one(place, number))
    return outcome


async def try_one(http, base_url, party, place, text, title, outcome) -> None:
    headers, query, parts = dict(party.headers), {}, {}
    # About a tenant that does not exist where success would end the one that we have.
    tenant_id = party.tenant_id if place.route.method in ("GET", "PUT") or place.kind == "body" else "0" * 32
    body = example(place.route, base_url) if place.route.body is not None else None
    match place.kind:
        case "body":
            body = put(body, place.path, text)
        case "query":
            query = {place.path[0]: text}
        case "path":
            parts = {place.path[0]: quote(text, safe="")}
        case "header":
            if UNSENDABLE.search(text):
                outcome.unsendable += 1  # no client can send it; what is no header is tried by raw sockets
                return
            headers[place.path[0]] = text
    path = path_of(place.route, tenant_id, **parts)
    if query:
        path += "?" + "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
    url = URL(base_url + path, encoded=True)
    data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", **headers} if data is not None else headers
    for _ in range(TRIES):
        async with http.request(place.route.method, url, data=data, headers=headers, allow_redirects=False) as answer:
            content = await answer.read()
        if answer.status != 503 or b'"overloaded"' not in content:
            break
        await asyncio.sleep(0.2)  # nothing was done; a polite client comes again
    outcome.statuses[answer.status] += 1
    judge(place, text, answer.status, content, title, outcome)


def judge(place: Place, text: str, status: int, content: bytes, title: str, outcome: Outcome) -> None:
    probe_is_unwell = status == 503 and named(place.route) in ("GET /health", "GET /ready")
    if status >= 500 and not probe_is_unwell:
        outcome.broken.append(f"{title}: {status} {content[:200]!r}")
    if status < 300 and place.kind == "body":
        judge_accepted(place, text, json.loads(content) if content else None, title, outcome)


def judge_accepted(place: Place, text: str, answer: object, title: str, outcome: Outcome) -> None:
    name = place.path[-1]
    if set(found(answer, "status")) == {"rejected"}:
        outcome.rejected += 1
    elif name in SHOWN:
        shown = list(found(answer, str(name)))
        if text in shown:
            outcome.kept += 1
        else:
            outcome.broken.append(f"{title}: sent {text!r}, shown {shown!r}")


def found(document: object, name: str) -> Iterator[object]:
    """Every value under that name."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key == name:
                yield value
            yield from found(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from found(value, name)
