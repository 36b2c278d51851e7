"""Entry for Locust: `locust -f loadtests/locustfile.py --headless -u 1 -H URL --run-time 300s`.

One Locust user runs the whole open-loop schedule; LOAD_RATE (arrivals a second), LOAD_SEED, LOAD_TENANTS and
LOAD_OUT (a folder) set it up.
"""

import os
import sys
from typing import Any, ClassVar

from locust import User, events, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.records import Attempt, Records
from loadtests.run import LoadRun
from loadtests.settings import Settings, SettingsError
from loadtests.tenants import TenantsError

TENANTS_FAILED = 1
BAD_SETTINGS = 2


class Clients(User):
    """All clients of the service together: they arrive when they arrive, not when it suits the service."""

    fixed_count = 1
    run_of_load: ClassVar[LoadRun]

    @task
    def offer(self) -> None:
        """Run the schedule once; it ends only when the run is stopped."""
        try:
            self.run_of_load.offer()
        except TenantsError as error:
            self.environment.process_exit_code = TENANTS_FAILED
            sys.stderr.write(f"loadtests: {error}\n")
            self.environment.runner.quit()
        raise StopUser


def set_up(environment: Environment, **_: Any) -> None:
    """Judge the settings before anything is sent, and tie the run's end to Locust's."""
    hooks: Any = environment.events  # carries no types
    settings, records = _open(environment.host)

    def report(attempt: Attempt) -> None:
        method, _, path = attempt.name.partition(" ")
        hooks.request.fire(
            request_type=method,
            name=path,
            response_time=(attempt.ended - attempt.intended) * 1000,
            response_length=0,
            exception=None if attempt.ok else attempt.error,
            context={},
        )

    run = LoadRun(settings, records, report)
    Clients.run_of_load = run

    def stopping(**_: Any) -> None:
        run.stop_arrivals()

    def quitting(environment: Environment, **_: Any) -> None:
        run.finish()
        if environment.process_exit_code is None:
            # Failed requests are this tool's finding about the service, not a failure of the tool.
            environment.process_exit_code = 0

    hooks.test_stopping.add_listener(stopping)
    hooks.quitting.add_listener(quitting)


def _open(host: str | None) -> tuple[Settings, Records]:
    try:
        settings = Settings.from_env(os.environ, host)
        return settings, Records(settings.out)
    except SettingsError as error:
        message = str(error)
    except OSError as error:
        message = f"LOAD_OUT: {error}; expected a folder that this process may write to"
    sys.stderr.write(f"loadtests: {message}\n")
    sys.exit(BAD_SETTINGS)


untyped_events: Any = events
untyped_events.init.add_listener(set_up)
