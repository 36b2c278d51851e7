"""An event loop whose time passes as soon as nothing is left to do at the present moment."""

import asyncio
import selectors


class Deadlock(Exception):
    """Everything waits and nothing will ever wake it."""


class _Selector(selectors.SelectSelector):
    """Never waits: it moves the time on by as long as it was asked to wait."""

    now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise Deadlock
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self.faults = []
        self.set_exception_handler(self._note)

    def time(self):
        return self._virtual.now

    def _note(self, _loop, context):
        """Keep what was raised where nobody awaits it; a process that is gone raises no errors."""
        if isinstance(context.get("exception"), Exception):
            self.faults.append(context["exception"])


def run_virtually(main):
    """Run a coroutine to its end in virtual time, which starts at 0 seconds."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(main)
        if loop.faults:
            raise loop.faults[0]
        return result
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.close()
