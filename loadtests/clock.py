"""Unix time that never steps: anchored once, advanced by the monotonic clock."""

import time


class SteadyClock:
    """Unix seconds that keep their pace when the system's clock is corrected during a run."""

    def __init__(self) -> None:
        self._offset_seconds = time.time() - time.monotonic()

    def now(self) -> float:
        """Unix seconds."""
        return time.monotonic() + self._offset_seconds
