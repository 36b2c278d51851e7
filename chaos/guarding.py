"""Doing one thing while others keep watch."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def guarded(main: Coroutine[Any, Any, Result], *guards: Coroutine[Any, Any, None]) -> Result:
    """The result of `main`; if a guard raises first, `main` is cancelled and the guard's error is raised.

    A guard that returns has nothing left to guard. Guards are cancelled when `main` is done.
    """
    task = asyncio.create_task(main)
    watching = {asyncio.create_task(guard) for guard in guards}
    try:
        pending: set[asyncio.Task[Any]] = {task, *watching}
        while not task.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for guard in done - {task}:
                guard.result()
        return task.result()
    finally:
        for one in (task, *watching):
            one.cancel()
        await asyncio.gather(task, *watching, return_exceptions=True)


async def all_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all together; the first error ends the others and is raised."""
    tasks = [asyncio.create_task(one) for one in coroutines]
    try:
        for finished in asyncio.as_completed(tasks):
            await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
