"""The pace of calls to Stripe about usage."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol


class Tokens(Protocol):
    """What grants a call to one of all the workers."""

    async def take(self) -> float:
        """Take a token, or return the seconds until there may be one; 0 means taken."""
        ...


class Rate:
    """Lets callers through one after the other, as tokens come in; raises LedgerUnavailableError."""

    def __init__(self, tokens: Tokens, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._tokens = tokens
        self._sleep = sleep
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when a call may be made."""
        async with self._turn:
            while (seconds := await self._tokens.take()) > 0:
                await self._sleep(seconds)
