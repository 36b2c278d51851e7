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
"""Something failed, was not sent, or was not taken."""
BAD_SETTINGS = 2

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_MUST_BE_NONE = ("failed", "dropped", "unresolved_events")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 where a request failed, was refused or not sent, an event got no answer, or none was acknowledged.

    An event that is refused by itself in a report, as a cost cap does, is told and no failure.
    """
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
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SECONDS)) and 1 <= int(text) <= MAX_SECONDS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}; expected whole seconds from 1 to {MAX_SECONDS}")


def _locust(url: str, seconds: int) -> int:
    """Run Locust in a process of its own, which it patches, and have it end in order where this one is told to."""
    bounds = ("--headless", "-u", "1", "-H", url, "--run-time", f"{seconds}s", "--loglevel", "WARNING")
    argv = (sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), *bounds)
    told: list[int] = []
    running: list[Popen[bytes]] = []

    def end(number: int, _: object) -> None:
        told.append(number)
        for locust in running:
            locust.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    # A group of its own, so that Ctrl-C reaches it once, from here, and not from the terminal as well.
    with Popen(argv, process_group=0) as locust:
        running.append(locust)
        if told:  # before there was anybody to hand it to
            locust.terminate()
        return locust.wait()


def _told(summary: Mapping[str, Any]) -> int:
    for code, count in summary["refused_events"].items():
        print(f"loadtests: {count} events refused: {code}", file=sys.stderr)
    refused = sum(summary["refused_events"].values())
    names = ("arrivals", "acknowledged_events", *_MUST_BE_NONE, "late_p99_seconds")
    print(" ".join((*(f"{name}={summary[name]}" for name in names), f"refused_events={refused}")))
    is_whole = summary["acknowledged_events"] and not any(map(_is_status, summary["refused_events"]))
    return 0 if is_whole and not any(summary[name] for name in _MUST_BE_NONE) else UNSOUND


def _is_status(code: str) -> bool:
    """Whether a whole request was refused, such as `429 rate_limited`."""
    return code[:1].isdigit()


if __name__ == "__main__":
    sys.exit(main())
