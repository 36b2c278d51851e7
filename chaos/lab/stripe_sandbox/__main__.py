"""Command `python -m chaos.lab.stripe_sandbox`: serve the sandbox until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import urlsplit

from aiohttp import web

from chaos.lab.stripe_sandbox.app import build_app
from chaos.lab.stripe_sandbox.webhooks import Endpoint

COMMAND = "stripe_sandbox"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{COMMAND}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, serve, and answer the exit code."""
    parser = _Parser(prog=COMMAND, description="A stateful stand-in for Stripe's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, required=True, help="0 takes a free one")
    parser.add_argument("--webhook-url", help="where events are posted")
    parser.add_argument("--webhook-secret", help="what signs them, whsec_...")
    options = parser.parse_args(argv)
    endpoint = _endpoint(parser, options.webhook_url, options.webhook_secret)
    try:
        asyncio.run(_serve(build_app(endpoint), options.host, options.port))
    except OSError as error:
        parser.error(f"--port: {error.strerror or error}; expected a free port on {options.host}")
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a port from 0 to 65535")
    return int(text)


def _endpoint(parser: _Parser, url: str | None, secret: str | None) -> Endpoint | None:
    if url is None and secret is None:
        return None
    if url is None or urlsplit(url).scheme not in {"http", "https"}:
        parser.error(f"--webhook-url: {url!r}; expected an http or https URL")
    if secret is None or not secret.startswith("whsec_"):
        parser.error("--webhook-secret: missing or of another form; expected whsec_...")
    return Endpoint(url, secret)


async def _serve(app: web.Application, host: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound_port = runner.addresses[0][1]
        sys.stdout.write(f"{COMMAND}: listening on http://{host}:{bound_port}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
