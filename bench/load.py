"""A cheap closed-loop client, so that what is measured is the service and not whoever asks it."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from time import perf_counter

_END = b"}]}"


def requests(key: str, events: int) -> Iterator[bytes]:
    """Endless reports of new events, as they go over the wire; the time in them is now."""
    now, prefix = datetime.now(UTC).isoformat(), secrets.token_hex(8)
    head = (
        f"POST /usage/report HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    )
    for number in count():
        shown = ",".join(
            f'{{"event_id":"{prefix}{number:09}-{index:03}","event_type":"verify_events","value":1,"timestamp":"{now}"}}'
            for index in range(events)
        )
        body = f'{{"events":[{shown}]}}'
        yield f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class _Connection(asyncio.Protocol):
    """Sends the next request once the last one is answered, or at its pace; keeps the time that each answer took."""

    def __init__(self, source: Iterator[bytes], pace_seconds: float) -> None:
        self._source, self._pace_seconds = source, pace_seconds
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self._stopping = False
        self.seconds: list[float] = []
        self.refused: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection has
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(_END):
            return
        self.seconds.append(perf_counter() - self._sent_at)
        if b'"accepted"' not in self._buffer:
            self.refused = self._buffer
        self._buffer = b""
        if self._pace_seconds:
            self._loop.call_later(max(0.0, self._pace_seconds - self.seconds[-1]), self._send)
        else:
            self._send()

    def stop(self) -> None:
        self._stopping = True
        if self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        if self._transport is not None and not self._stopping:
            self._sent_at = perf_counter()
            self._transport.write(next(self._source))


async def report(
    port: int, keys: Sequence[str], connections: int, seconds: float, events: int = 1, pace_seconds: float = 0.0
) -> list[float]:
    """Report usage for so long; the seconds that each answer took. Raises RuntimeError where one was refused."""
    loop, opened = asyncio.get_running_loop(), []
    for number in range(connections):
        source = requests(keys[number % len(keys)], events)
        _, connection = await loop.create_connection(partial(_Connection, source, pace_seconds), "127.0.0.1", port)
        opened.append(connection)
    await asyncio.sleep(seconds)
    for connection in opened:
        connection.stop()
    for connection in opened:
        if connection.refused is not None:
            raise RuntimeError(f"expected the events to be accepted, got {connection.refused[-300:]!r}")
    return [taken for connection in opened for taken in connection.seconds]
