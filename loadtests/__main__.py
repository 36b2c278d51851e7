"""`python -m loadtests URL`: one run of load that ends by itself, and what came of it.

LOAD_RATE (arrivals a second), LOAD_TENANTS, LOAD_SEED and LOAD_OUT (a folder) set it up, as for Locust itself.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import Any

from loadtests.records import SUMMARY
from loadtests.settings import Settings, SettingsError

MAX_SECONDS = 3600
UNSOUND = 1
"""Something failed, was not sent, or was never acknowledged."""
BAD_SETTINGS = 2

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_MUST_BE_NONE = ("failed", "dropped", "unresolved_events")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 where a request failed or was not sent, or an event was neither acknowledged nor refused."""
    options = _parse(arguments)
    try:
        settings = Settings.from_env(os.environ, options.url)
    except SettingsError as error:
        print(f"loadtests: {str(error).replace('--host', 'URL')}", file=sys.stderr)
        return BAD_SETTINGS
    status = _locust(settings.base_url, options.seconds)
    if status:
        return status
    return _told(json.loads((settings.out / SUMMARY).read_text()))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description=__doc__)
    parser.add_argument("url", metavar="URL", help="where the service is, such as http://127.0.0.1:3002")
    parser.add_argument("--seconds", type=_seconds, default=60, help=f"1 to {MAX_SECONDS}; 60 where it is not given")
    return parser.parse_args(arguments)


def _seconds(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_SECONDS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}; expected whole seconds from 1 to {MAX_SECONDS}")


def _locust(url: str, seconds: int) -> int:
    """Run Locust in a process of its own, which it patches, and hand it the signal that ends this one."""
    bounds = ("--headless", "-u", "1", "-H", url, "--run-time", f"{seconds}s", "--loglevel", "WARNING")
    with Popen((sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), *bounds)) as locust:
        signal.signal(signal.SIGTERM, lambda *_: locust.terminate())
        return locust.wait()


def _told(summary: Mapping[str, Any]) -> int:
    names = ("arrivals", "acknowledged_events", *_MUST_BE_NONE, "late_p99_seconds")
    print(" ".join(f"{name}={summary[name]}" for name in names))
    return UNSOUND if not summary["arrivals"] or any(summary[name] for name in _MUST_BE_NONE) else 0


if __name__ == "__main__":
    sys.exit(main())
