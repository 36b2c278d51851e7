"""Secrets that arrive as files, as container platforms mount them."""

from pathlib import Path

_MAX_BYTES = 8192


class UnreadableError(Exception):
    """The message says why, and holds neither the path nor anything of the content."""


def read_secret_file(path: str) -> str:
    """Return the one line of the file without its end; raises UnreadableError."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8") from None  # the cause would show the content
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or "no such file") from None
    if len(content) > _MAX_BYTES:
        raise UnreadableError(f"it has more than {_MAX_BYTES} bytes")
    if not text:
        raise UnreadableError("it is empty")
    return text
