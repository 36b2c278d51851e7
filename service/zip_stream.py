"""A ZIP archive that is handed out while it is being built, so that its size does not matter."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO


class _Sink:
    """What the archive is written to: it can neither be rewound nor told where it stands."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def flush(self) -> None:
        """There is nothing behind the sink."""

    def close(self) -> None:
        """What was written can still be taken."""

    def __len__(self) -> int:
        return len(self._pending)

    def take(self) -> bytes:
        taken = bytes(self._pending)
        self._pending.clear()
        return taken


class ZipStream:
    """`moment` dates the files, in UTC."""

    def __init__(self, moment: datetime) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._moment = moment

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """Write one file, from its beginning to its end."""
        info = zipfile.ZipInfo(name, self._moment.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(info, "w") as file:
            yield file

    @property
    def pending(self) -> int:
        """Bytes that wait to be taken."""
        return len(self._sink)

    def take(self) -> bytes:
        return self._sink.take()

    def close(self) -> None:
        """Write the directory; what is left must still be taken."""
        self._archive.close()
