"""Command `python -m chaos.lab.dev`: the service with all that it needs on loopback, restarted when its code changes.

It starts with an empty ledger and an empty Stripe sandbox, because the sandbox forgets everything when it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from chaos.errors import GameDayError, LabError, UserMistake
from chaos.guarding import guarded
from chaos.host import PID_FILE, holder, write_pid
from chaos.lab.dev_card import DevCard, first_requests, open_tenant
from chaos.lab.dev_stack import DevStack, Say
from chaos.lab.programs import PROJECT
from chaos.lab.source_watch import SourceWatch
from chaos.progress import Progress

COMMAND = "dev"
DEFAULT_PORT = 3002
_POLL_SECONDS = 0.5
_HIGHEST_PORT = 65_500


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{COMMAND}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; 0, 2 for a user's mistake, 3 when the stack does not hold."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_until_terminated(options))
    except GameDayError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _parser() -> _Parser:
    parser = _Parser(prog=COMMAND, description="Run the service with Redis, a Stripe sandbox and its worker.")
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="of the API, or the next free one (3002)")
    parser.add_argument("--folder", type=Path, default=Path("var/dev"), help="for data and logs; FOLDER.json beside it")
    lasting = parser.add_mutually_exclusive_group()
    lasting.add_argument("--once", action="store_true", help="end as soon as everything is ready")
    lasting.add_argument("--no-reload", action="store_true", help="keep what was started when the code changes")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a port from 1 to {_HIGHEST_PORT}")
    return int(text)


async def _until_terminated(options: argparse.Namespace) -> None:
    running = asyncio.create_task(run(options, Progress()))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        print(f"{COMMAND}: ended", flush=True)


async def run(options: argparse.Namespace, say: Say) -> None:
    """Bring the stack up, say how to use it, and follow the sources until cancelled; LabError if it does not hold."""
    folder: Path = options.folder
    _claim(folder)
    stack = DevStack(folder, options.port)
    try:
        say(f"starting anew in {folder}: the ledger and the sandbox are empty")
        await stack.up(say)
        await _introduce(stack, folder, say)
        if options.no_reload:
            await stack.watch()
        elif not options.once:
            await guarded(_follow(stack, say), stack.watch())
    finally:
        await stack.down()
        folder.with_suffix(".json").unlink(missing_ok=True)
        folder.with_suffix(".env").unlink(missing_ok=True)


def _claim(folder: Path) -> None:
    """Empty the folder and note that it is ours; UserMistake if another stack runs in it, or if it is no stack's."""
    other = holder(folder)
    if other is not None:
        raise UserMistake(f"process {other.pid} runs a stack in {folder}; end it, or give another --folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / PID_FILE).exists():
        raise UserMistake(f"--folder: {folder} holds other files, which would be removed; expected a new folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_pid(folder)


async def _introduce(stack: DevStack, folder: Path, say: Say) -> None:
    tenant_id, api_key = await open_tenant(stack.base_url)
    card = DevCard(stack.base_url, tenant_id, api_key, stack.secrets.stripe_webhook_secret, stack.stripe_url)
    card.write(folder)
    say(f"API          {stack.base_url}")
    say(f"sign-up      {stack.base_url}/signup")
    say(f"reference    {stack.base_url}/docs")
    say(f"demo tenant  {tenant_id}; its key is in {folder.with_suffix('.json')}")
    print(
        "\n".join(["", "Try it in another shell:", "", f". {folder.with_suffix('.env')}", *first_requests(), ""]),
        flush=True,
    )


async def _follow(stack: DevStack, say: Say) -> None:
    """Restart API and worker at each change; code that does not start is said, and waits for the next change."""
    sources = SourceWatch(PROJECT / "service")
    say("watching service/ for changes; Ctrl-C ends everything")
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        changed = await asyncio.to_thread(sources.changed)
        if not changed:
            continue
        further = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        say(f"changed: service/{changed[0]}{further}")
        try:
            await stack.reload(say)
        except LabError as error:
            say(f"not running: {error}; waiting for the next change")


if __name__ == "__main__":
    sys.exit(main())
