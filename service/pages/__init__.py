"""The pages for people: plain HTML, ES modules and CSS, sent as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Page:
    """One file as it is sent."""

    media_type: str
    body: bytes


Pages = Mapping[str, Page]
"""Every file by its name."""


def load_pages() -> Pages:
    """Read every file that ships with this package."""
    return {
        file.name: Page(media_type, file.read_bytes())
        for file in files(__name__).iterdir()
        for suffix, media_type in _MEDIA_TYPES.items()
        if file.name.endswith(suffix)
    }
