"""The append-only record of deploy decisions: one JSON object a line, never rewritten."""

import getpass
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slo.errors import SloError

# What CI systems call the person and the commit.
_PERSONS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CHANGE_AUTHOR")
_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "GIT_COMMIT")


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add one line in a single write and sync it; a SloError where that fails, so that nothing passes unrecorded."""
    line = json.dumps(record, ensure_ascii=False, sort_keys=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise SloError(f"{path}: {error.strerror}; expected an audit file that can be appended to") from error


def person(environment: Mapping[str, str]) -> str:
    """Who asks: the CI's user, or this machine's."""
    named = next((environment[name] for name in _PERSONS if environment.get(name)), None)
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def commit(environment: Mapping[str, str]) -> str | None:
    """What is to be deployed: the CI's commit, or that of the working directory; None outside of a repository."""
    named = next((environment[name] for name in _COMMITS if environment.get(name)), None)
    if named:
        return named
    command = ["git", "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
