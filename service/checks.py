"""The health of everything that the service depends on, each judged by a real operation."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_bytes

CHECK_TIMEOUT_SECONDS = 1.0

Check = Callable[[], Awaitable[bool]]


class HealthChecks:
    """Runs all the checks side by side; one that is late counts as failed."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks

    async def run(self) -> dict[str, bool]:
        results = await asyncio.gather(*(_bounded(check) for check in self._checks.values()))
        return dict(zip(self._checks, results, strict=True))

    async def passes(self, name: str) -> bool:
        """Run one of them."""
        return await _bounded(self._checks[name])


class StorageCheck:
    """Writes, syncs, reads and deletes a probe file, in one thread so that a hung disk can hold up no other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage-check")

    async def __call__(self) -> bool:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._probe)
        except OSError:
            return False

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _probe(self) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f".probe-{os.getpid()}"
        written = token_bytes(32)
        with path.open("wb") as probe:
            probe.write(written)
            probe.flush()
            os.fsync(probe.fileno())
        read = path.read_bytes()
        path.unlink()
        return read == written


async def _bounded(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await check()
    except TimeoutError:
        return False
