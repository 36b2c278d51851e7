"""A bounded queue with a thread behind it: whoever puts something in never waits, and what has no room is counted."""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Outlet(Generic[Item]):
    """`send` gets what was put in, in order and in batches, and says whether it arrived; it alone may block.

    `dropped` is told how many items had no room and how many `send` lost.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[list[Item]], bool],
        dropped: Callable[[str, int], None],
        capacity: int = 4096,
        batch: int = 512,
        pause_seconds: float = 1.0,
    ) -> None:
        self._items: deque[Item] = deque()
        self._send = send
        self._dropped = dropped
        self._capacity = capacity
        self._batch = batch
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"telemetry-{name}", daemon=True)
        self._is_started = False

    def __len__(self) -> int:
        return len(self._items)

    def start(self) -> None:
        self._is_started = True
        self._thread.start()

    def put(self, item: Item) -> None:
        if len(self._items) >= self._capacity:
            self._dropped("queue_full", 1)
            return
        self._items.append(item)

    def flush(self) -> None:
        """Send what is there, in the caller's thread."""
        while self._items:
            self._send_batch()

    def shutdown(self, timeout_seconds: float = 5.0) -> None:
        """Send what is left, within the time."""
        self._stopping.set()
        if self._is_started:
            self._thread.join(timeout_seconds)
        else:
            self.flush()

    def _run(self) -> None:
        is_stopping = False
        while not is_stopping:
            is_stopping = self._stopping.wait(self._pause_seconds)
            until = monotonic() + max(self._pause_seconds, 2.0)
            while self._items and (is_stopping or monotonic() < until):
                self._send_batch()

    def _send_batch(self) -> None:
        batch: list[Item] = []
        while self._items and len(batch) < self._batch:
            batch.append(self._items.popleft())
        if not self._send(batch):
            self._dropped("export_failed", len(batch))
