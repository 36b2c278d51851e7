"""Notices when the files of a package change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

Stamps = dict[Path, int]


@dataclass
class SourceWatch:
    """Compares modification times; what Python writes beside the sources does not count."""

    root: Path
    _seen: Stamps = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen = self._stamps()

    def changed(self) -> list[Path]:
        """Files that were added, changed or removed since the last call, or since the beginning."""
        before, self._seen = self._seen, self._stamps()
        return sorted(path for path in before.keys() | self._seen.keys() if before.get(path) != self._seen.get(path))

    def _stamps(self) -> Stamps:
        stamps: Stamps = {}
        for path in self.root.rglob("*"):
            if path.suffix in _SOURCES and "__pycache__" not in path.parts:
                try:
                    stamps[path.relative_to(self.root)] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # an editor's file that was replaced between the listing and the look
        return stamps


_SOURCES = frozenset({".py", ".lua", ".yaml", ".html", ".css", ".js", ".svg"})
