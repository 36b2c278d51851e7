"""`billing serve` as a process of its own, before a Valkey, and raw bytes to and from it."""

import asyncio
import contextlib
import json
import os
import sys
import time

import psutil

from chaos.lab import limits
from service.domain.tenant import Plan
from tests.service.conftest import API_KEY_SECRET, JWT_SECRET, WEBHOOK_SECRET, free_port


class Server:
    """The process, and what it may take: all limits of these tests are here."""

    MEMORY_GROWTH_BYTES = 64 * 2**20
    STALL_SECONDS = 1.0
    """No probe of another connection waits longer while an attack is under way."""

    def __init__(self, redis_port, folder, **overrides):
        self.port = free_port()
        self._folder = folder
        self._env = {
            "PATH": os.environ["PATH"],
            "API_KEY_SECRET": API_KEY_SECRET,
            "JWT_SECRET": JWT_SECRET,
            "REDIS_PORT": str(redis_port),
            "PORT": str(self.port),
            "STRIPE_SECRET_KEY": "sk_test_example",
            "STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **{f"STRIPE_{plan.upper()}_PRICE_ID": "price_1" for plan in Plan},
            "DATA_DIR": str(folder / "data"),
            "LOG_LEVEL": "warning",
            **limits.AMPLE,
            **overrides,
        }

    async def start(self):
        with (self._folder / "serve.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", "serve"), env=self._env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return self
            await asyncio.sleep(0.05)
        raise AssertionError((self._folder / "serve.log").read_text())

    async def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(10):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                raise

    @property
    def memory(self):
        return psutil.Process(self.process.pid).memory_info().rss

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def raw(self, request, seconds=5):
        """Send bytes as they are; return status, headers (a name that is there twice fails) and body."""
        reader, writer = await self.connect()
        try:
            writer.write(request)
            async with asyncio.timeout(seconds):
                return await read_answer(reader, has_body=not request.startswith(b"HEAD"))
        finally:
            writer.close()

    async def probe(self):
        """How long a small request of somebody else takes."""
        started = time.monotonic()
        status, _, _ = await self.raw(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert status == 200
        return time.monotonic() - started

    @contextlib.asynccontextmanager
    async def watched(self):
        """Fail if what happens inside takes more memory, or holds others up longer, than is allowed."""
        before, waits, done = self.memory, [], asyncio.Event()
        peak = before

        async def watch():
            nonlocal peak
            while not done.is_set():
                waits.append(await self.probe())
                peak = max(peak, self.memory)
                await asyncio.sleep(0.05)

        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            done.set()
            await asyncio.wait([task])
        task.result()
        assert peak - before < self.MEMORY_GROWTH_BYTES, f"grew by {(peak - before) / 2**20:.0f} MiB"
        assert max(waits) < self.STALL_SECONDS, f"somebody else waited {max(waits):.2f} s"


async def read_answer(reader, *, has_body=True):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    headers = dict(pairs)
    assert len(headers) == len(pairs), "a header is there twice"
    length = int(headers.get("Content-Length", "0")) if has_body else 0
    return int(head[0].split()[1]), headers, await reader.readexactly(length)


def is_problem(headers, content, status):
    return headers["Content-Type"] == "application/problem+json" and json.loads(content)["status"] == status
