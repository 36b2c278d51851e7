"""Versions of programs: what `--version` prints, and which of two is older."""

import re
import subprocess
from pathlib import Path

Version = tuple[int, ...]

_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_TIMEOUT_SECONDS = 20


class UnusableProgram(Exception):
    """A program is there and does not run."""


def parse(text: str) -> Version | None:
    """The first dotted number in the text, or None where there is none (a development build)."""
    found = _NUMBER.search(text)
    return tuple(int(part) for part in found.group().split(".")) if found else None


def dotted(version: Version) -> str:
    """The version as people write it: 2.42.0."""
    return ".".join(str(part) for part in version)


def older(version: Version, minimum: Version) -> bool:
    """Whether a version is below the minimum, where 2.42 and 2.42.0 are the same."""
    length = max(len(version), len(minimum))
    return _padded(version, length) < _padded(minimum, length)


def _padded(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))


def ask(path: Path, argument: str) -> Version | None:
    """The version that a program reports; raises UnusableProgram when it does not run."""
    try:
        answer = subprocess.run([path, argument], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise UnusableProgram(f"{path} {argument} gave no answer in {_TIMEOUT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        raise UnusableProgram(f"{path} {argument} failed with exit code {error.returncode}") from error
    except OSError as error:
        raise UnusableProgram(f"{path} does not run: {error.strerror}") from error
    return parse(answer.stdout + answer.stderr)
