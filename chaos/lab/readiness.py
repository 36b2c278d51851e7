"""Waiting until a program of the lab really answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import redis.asyncio as aioredis
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chaos.errors import LabError
from chaos.lab.ports import LOOPBACK
from chaos.lab.processes import Running, last_line

Check = Callable[[], Awaitable[bool]]
_PACE_SECONDS = 0.1
_ANSWER_SECONDS = 2.0


async def wait_ready(running: Running, ready: Check, seconds: float) -> None:
    """Return when `ready` says so; LabError if the program dies first or takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while not await ready():
        if died := running.died():
            raise died
        if time.monotonic() > end:
            name, log = running.command.name, running.command.log
            raise LabError(f"{name} was not ready after {seconds:g} s; last line in {log}: {last_line(log)}")
        await asyncio.sleep(_PACE_SECONDS)


def answers_http(url: str) -> Check:
    """True once a GET of the URL is answered 200."""

    async def check() -> bool:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    return check


def logs(log: Path, text: str) -> Check:
    """True once the program's log contains the text, for one that listens nowhere."""

    async def check() -> bool:
        return text in await asyncio.to_thread(log.read_text, errors="replace")

    return check


def answers_ping(port: int, password: str) -> Check:
    """True once Redis answers PING, which it does not while it loads its AOF."""

    async def check() -> bool:
        client = redis_client(port, password, _ANSWER_SECONDS)
        try:
            return bool(await client.ping())
        except (redis.exceptions.RedisError, OSError, TimeoutError):
            return False
        finally:
            await client.aclose()

    return check


def redis_client(port: int, password: str, seconds: float) -> aioredis.Redis:
    """A client without retries whose every step takes at most `seconds`."""
    return aioredis.Redis(
        host=LOOPBACK,
        port=port,
        password=password,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
