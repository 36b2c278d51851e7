"""`python -m tests.deploy.check [NAME...]`: each configuration of the deployment, judged by the program that reads it.

Builds what it needs and the machine lacks (the full Collector, promtool 3, Compose's own loader). The last line is
`accepted= refused= unchecked=`; `unchecked` are the files whose program cannot be had here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from chaos.errors import GameDayError
from chaos.lab.catalogue import load
from chaos.lab.configuration import collector_arguments
from chaos.lab.installation import ensure
from chaos.lab.programs import PROJECT, find, tools_folder
from chaos.lab.sources.workshop import Workshop
from service.config.variables import FILE_SUFFIX, VARIABLES
from tests.collector.gateway import gateway_environment
from tests.deploy.composition import PRICES, environment
from tests.deploy.pipeline import TRACES, traces_through
from tests.deploy.redis_server import settings_of_a_started_server

DEPLOY = PROJECT / "deploy"
UNCHECKED = {
    "tempo": "the Go module proxy does not have Tempo",
    "loki": "Loki's module has replace directives, so that it does not install from the proxy",
    "grafana": "provisioning has no checker but Grafana itself",
}
"""Their files are held against the documented fields by tests/deploy/test_observability.py."""
Check = Callable[[Path], None]
"""Gets a folder of its own; raises Refused where the program does not take the file."""


class Refused(Exception):
    """What the program said."""


def check_compose(folder: Path) -> None:
    """Docker Compose's own loader: schema, variables, references; and no price has a default."""
    argv: list[str | Path] = [_composecheck(folder), PROJECT / "docker-compose.yml"]
    unset = {name + suffix: "" for name in VARIABLES for suffix in ("", FILE_SUFFIX)}
    for dotenv in (PRICES, PRICES | {"NODE_ENV": "production"}, dict.fromkeys(VARIABLES, "said")):
        given, expected = json.loads(_accept([*argv, "api"], unset | dotenv)), environment("api", dotenv)
        if given != expected:
            raise Refused(f"the service gets {given}; the tests rest on {expected}")
    for name in PRICES:
        without = {key: value for key, value in PRICES.items() if key != name}
        if name not in _refuse(argv, without):
            raise Refused(f"docker-compose.yml is accepted without {name}")


def check_agent(folder: Path) -> None:
    environ = {**gateway_environment(folder), "GATEWAY_HOST": "localhost"}
    _accept([_program("billing-otelcol-full"), "validate", *collector_arguments("agent.yaml")], environ)


def check_gateway(folder: Path) -> None:
    argv = [_program("billing-otelcol-full"), "validate", *collector_arguments("gateway.yaml")]
    _accept(argv, gateway_environment(folder))


def check_pipeline(folder: Path) -> None:
    """Agent and gateway run with their own files; spans come through over mutual TLS, whole and redacted."""
    found, written = traces_through(_program("billing-otelcol-full"), Path(sys.executable), folder)
    if len(found) != TRACES or "canary" in written:
        raise Refused(f"{len(found)} of {TRACES} traces came through; redacted: {'canary' not in written}")


def check_prometheus(folder: Path) -> None:
    """The file as it is, its rules and certificates where the container has them."""
    config = folder / "prometheus.yaml"
    text = (DEPLOY / "prometheus" / "prometheus.yaml").read_text()
    text = text.replace("/etc/prometheus/slo", str(PROJECT / "slo" / "generated"))
    text = text.replace("/etc/prometheus/alerts", str(PROJECT / "collector" / "alerts"))
    config.write_text(text.replace("/run/secrets/tls", gateway_environment(folder)["TLS_DIR"]))
    printed = _accept([_program("promtool-3"), "check", "config", config], {})
    if "rules found" not in printed:
        raise Refused(f"no rules were found: {printed}")


def check_alertmanager(_: Path) -> None:
    _accept([find("amtool"), "check-config", DEPLOY / "alertmanager" / "alertmanager.yaml"], {})


def check_redis(folder: Path) -> None:
    """A server started with the file says what it made of it."""
    settings = settings_of_a_started_server(DEPLOY / "redis" / "redis.conf", folder)
    expected = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}
    expected["maxmemory"] = str(640 * 2**20)
    if found := {name: settings[name] for name in expected if settings[name] != expected[name]}:
        raise Refused(f"the server has {found}, expected {expected}")


CHECKS: Mapping[str, Check] = {
    "compose": check_compose,
    "agent": check_agent,
    "gateway": check_gateway,
    "pipeline": check_pipeline,
    "prometheus": check_prometheus,
    "alertmanager": check_alertmanager,
    "redis": check_redis,
}


def main(arguments: list[str] | None = None, checks: Mapping[str, Check] = CHECKS) -> int:
    """Exit 1 where a program refuses its file or a check breaks; the others are judged all the same."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.check", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*checks, []], metavar="NAME", help=f"of {', '.join(checks)}")
    names = parser.parse_args(arguments).names or list(checks)
    accepted = sum([_judge(name, checks[name]) for name in names])
    unchecked = UNCHECKED if len(names) == len(checks) else {}
    for name, reason in unchecked.items():
        print(f"{name}: not checked by its program: {reason}")
    refused = len(names) - accepted
    print(f"accepted={accepted} refused={refused} unchecked={len(unchecked)}")
    return 1 if refused else 0


def _judge(name: str, check: Check) -> bool:
    try:
        with tempfile.TemporaryDirectory() as folder:
            check(Path(folder))
    except (Refused, GameDayError) as error:
        print(f"{name}: {error}", file=sys.stderr)
    except Exception:  # noqa: BLE001 - whatever broke, the other programs have yet to say what they think
        print(f"{name}: could not be judged: {traceback.format_exc()}", file=sys.stderr)
    else:
        print(f"{name}: accepted")
        return True
    return False


def _program(name: str) -> Path:
    return ensure(load()[name], _workshop())


def _workshop() -> Workshop:
    return Workshop(tools_folder(os.environ), PROJECT, os.environ)


def _composecheck(folder: Path) -> Path:
    """Built from deploy/composecheck, whose go.sum pins what it is made of."""
    argv = [_program("go"), "build", "-o", folder / "composecheck", "."]
    environ = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    _accept(argv, environ, DEPLOY / "composecheck")
    return folder / "composecheck"


def _accept(argv: list[str | Path], environ: Mapping[str, str], folder: Path = PROJECT) -> str:
    done = _run(argv, environ, folder)
    if done.returncode:
        raise Refused((done.stderr + done.stdout).strip())
    return done.stdout


def _refuse(argv: list[str | Path], environ: Mapping[str, str]) -> str:
    """What the program complains of; empty if it does not."""
    done = _run(argv, environ, PROJECT)
    return done.stderr if done.returncode else ""


def _run(argv: list[str | Path], environ: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    merged = {**os.environ, **environ}
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, env=merged, cwd=folder, check=False)


if __name__ == "__main__":
    sys.exit(main())
