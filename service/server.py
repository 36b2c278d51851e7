"""Runs the service until it is told to stop."""

import asyncio
import logging
import signal

from aiohttp import web

from service import heap
from service.app import build_app, service_version
from service.config import Config
from service.config.hidden import hidden_values
from service.fitness import fit_redis
from service.parts import DRAINING
from service.runner import Runner
from service.telemetry.logs import configure_logging, log_event
from service.telemetry.pipeline import Telemetry, create_resource, start_exporting

TELEMETRY_SHUTDOWN_SECONDS = 2.5

_log = logging.getLogger(__name__)


class ListenError(Exception):
    """The address cannot be listened on."""


async def serve(config: Config) -> None:
    """Serve until SIGTERM or SIGINT, then finish requests in flight and flush telemetry.

    Raises ListenError and, before anything listens, UnfitRedisError.
    """
    telemetry = start_telemetry(config)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        async with fit_redis(config.redis, telemetry):
            await _serve_until(stopping, config, telemetry)
    finally:
        await asyncio.to_thread(telemetry.shutdown, TELEMETRY_SHUTDOWN_SECONDS)


async def _serve_until(stopping: asyncio.Event, config: Config, telemetry: Telemetry) -> None:
    app = build_app(config, telemetry)
    runner = Runner(app)
    try:
        await runner.setup()
        heap.settle()
        await _listen(runner, config)
        log_event(
            _log,
            logging.INFO,
            "service.started",
            "listening",
            {"server.address": config.host, "server.port": config.port, "service.version": service_version()},
        )
        await stopping.wait()
        app[DRAINING].set()
        log_event(_log, logging.INFO, "service.stopping", "told to stop", {})
    finally:
        await runner.cleanup()


async def _listen(runner: Runner, config: Config) -> None:
    try:
        await web.TCPSite(runner, config.host, config.port).start()
    except OSError as error:
        address = f"{config.host}:{config.port}"
        raise ListenError(f"cannot listen on {address}: {error.strerror}; expected a free address") from error


def start_telemetry(config: Config) -> Telemetry:
    """Begin to export what the configuration asks for, and to log without its secrets."""
    wanted = config.telemetry
    telemetry = start_exporting(create_resource(service_version(), wanted.instance_id), wanted.output)
    configure_logging(wanted.log_level, telemetry.logs, hidden_values(config))
    return telemetry
