"""Stripe's own mock with the API description that it carries, and a relay that writes down what passes."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import jsonschema
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from service.config import StripeConfig
from service.domain.catalog import load_catalog
from service.domain.tenant import Plan
from service.payments.gateway import StripeGateway
from service.telemetry.pipeline import create_resource, create_telemetry

ROOT = Path(__file__).parents[2]
KEY = "sk_test_conformance"
PRICE_IDS = {plan: f"price_{plan}" for plan in Plan}


def _free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="session")
def program():
    places = f"{ROOT}/.tools/bin{os.pathsep}{os.environ['PATH']}"
    found = shutil.which("stripe-mock", path=places)
    assert found, "expected stripe-mock in .tools/bin: install the lab's programs"
    return Path(found)


@pytest.fixture(scope="session")
def stripe_mock(program):
    """Stripe's stateless mock: it refuses what the API description does not allow, and answers with fixtures."""
    address = _free_address()
    addresses = ["-http-addr", address, "-https-addr", _free_address()]
    with subprocess.Popen([program, *addresses], stdout=subprocess.DEVNULL) as process:
        _await_listener(address, process)
        yield f"http://{address}"
        process.terminate()


def _await_listener(address, process):
    host, port = address.split(":")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, f"stripe-mock ended with {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"stripe-mock does not listen on {address} after 10 s")


@pytest.fixture(scope="session")
def description(program):
    """Stripe's OpenAPI document, read out of the program that carries it."""
    binary = program.read_bytes()
    for start in re.finditer(rb'\{\s*"components":\s*\{', binary):
        text = binary[start.start() :].decode("latin-1")
        document, _ = json.JSONDecoder().raw_decode(text)
        if "paths" in document and "info" in document:
            return document
    raise AssertionError(f"{program} carries no OpenAPI document")


@dataclass
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str]
    status: int
    answer: object

    def __str__(self):
        return f"{self.method} {self.path}?{self.query} {self.body.decode()}: {self.status} {self.answer}"


@dataclass
class Relay:
    """Passes requests on to `target`; `amend` may change an answer before the client sees it."""

    target: str
    http: aiohttp.ClientSession
    amend: object = lambda exchange: exchange.answer
    exchanges: list[Exchange] = field(default_factory=list)
    url: str = ""

    async def pass_on(self, request):
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Accept-Encoding")}
        exchange = await self.send(request.method, request.path, request.query_string, await request.read(), headers)
        self.exchanges.append(exchange)
        return web.json_response(self.amend(exchange), status=exchange.status)

    async def send(self, method, path, query, body, headers):
        url = f"{self.target}{path}" + (f"?{query}" if query else "")
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            return Exchange(method, path, query, body, headers, answer.status, await answer.json())


@pytest.fixture
async def relay():
    """Starts relays; all of them end with the test."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())

        async def start(target, **changes):
            relay = Relay(target, http, **changes)
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", relay.pass_on)
            server = await stack.enter_async_context(TestServer(app))
            relay.url = str(server.make_url("")).rstrip("/")
            return relay

        yield start


@pytest.fixture
async def make_gateway():
    """Builds gateways to an address; all of them are closed with the test."""
    async with AsyncExitStack() as stack:

        def build(url, price_ids=PRICE_IDS):
            telemetry = create_telemetry(create_resource("test", "test"), [], [])
            gateway = StripeGateway(StripeConfig(url, KEY), price_ids, telemetry)
            stack.push_async_callback(gateway.close)
            return gateway

        yield build


@pytest.fixture(scope="session")
def catalog():
    return load_catalog()


class Judge:
    """Holds answers against the schemas of Stripe's description."""

    def __init__(self, description):
        self._paths = {path: re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path in description["paths"]}
        self._operations = description["paths"]
        self._schemas = {"components": json_schema(description["components"])}

    def template(self, exchange):
        return next(path for path, pattern in self._paths.items() if pattern.fullmatch(exchange.path))

    def faults(self, exchange):
        template = self.template(exchange)
        answers = self._operations[template][exchange.method.lower()]["responses"]
        schema = json_schema(answers["200"]["content"]["application/json"]["schema"])
        validator = jsonschema.Draft202012Validator(self._schemas | schema)
        for error in validator.iter_errors(exchange.answer):
            cause = jsonschema.exceptions.best_match([error])
            yield f"{exchange.method} {template} {cause.json_path}: {cause.message[:200]}"


def json_schema(node):
    """OpenAPI 3.0 as JSON Schema: `nullable` is a type there, and a keyword here."""
    if isinstance(node, list):
        return [json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: json_schema(value) for name, value in node.items() if (name, value) != ("nullable", True)}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@pytest.fixture(scope="session")
def judge(description):
    return Judge(description)
