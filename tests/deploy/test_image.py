"""What deploy/Dockerfile copies is all that its image needs: installed from that alone, its own commands work."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.lab.programs import PROJECT
from service.config.generation import generate
from tests.deploy.copied import copies, copy_into
from tests.service.conftest import WEBHOOK_SECRET, Stripe, free_port, shared_redis, stripe

__all__ = ["shared_redis", "stripe"]

DOCKERFILE = (PROJECT / "deploy" / "Dockerfile").read_text()
LOAD = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]["load"]
START_SECONDS = 15


class Image:
    """The packages as the image has them, and no others of the project."""

    def __init__(self, packages: Path, folder: Path) -> None:
        self.packages, self.folder = packages, folder

    async def run(self, *argv: str, **variables: str) -> tuple[int, str]:
        """Run a command as in the container; return its status and what it wrote."""
        process = await self.start(*argv, **variables)
        written, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return process.returncode, written.decode()

    async def start(self, *argv: str, **variables: str) -> asyncio.subprocess.Process:
        pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        env = {**self._environment(), **variables}
        return await asyncio.create_subprocess_exec(*argv, cwd=self.folder, env=env, stdout=pipe, stderr=both)

    def _environment(self) -> dict[str, str]:
        """ENV of the Dockerfile, but for the places."""
        (pairs,) = re.findall(r"^ENV (PATH=.*)$", DOCKERFILE, re.MULTILINE)
        said = dict(pair.split("=", 1) for pair in pairs.split())
        path = f"{self.packages / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        places = {"PATH": path, "PYTHONPATH": str(self.packages), "HOST": "127.0.0.1", "DATA_DIR": str(self.folder)}
        return {**said, **places}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    context, target = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("installed")
    copy_into(context, "Dockerfile")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", target, "."], cwd=context, check=True)
    return target


@pytest.fixture
def image(packages: Path, tmp_path: Path) -> Image:
    return Image(packages, tmp_path)


@pytest.fixture
async def served(image: Image, shared_redis: Any, stripe: Stripe) -> AsyncIterator[int]:
    """The port on which the image's own command answers."""
    port = free_port()
    variables = {
        **{name: value for name, value in generate().items() if name != "REDIS_PASSWORD"},
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "REDIS_PORT": str(shared_redis.port),
        "STRIPE_SECRET_KEY": "sk_test_example",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": f"http://127.0.0.1:{stripe.port}",
        **stripe.price_ids,
    }
    process = await image.start(*_commands("CMD")[-1], **variables)
    try:
        async with asyncio.timeout(START_SECONDS):
            while (await image.run(*_health_check(), PORT=str(port)))[0]:
                assert process.returncode is None, "the command ended"
        yield port
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def test_every_command_is_there_and_is_the_images_own(image: Image, packages: Path) -> None:
    scripts = re.findall(r'^(\w+) = "[\w.]+:main"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert len(scripts) == 4
    for name in scripts:
        status, told = await image.run(name, "--help")
        assert (status, f"usage: {name}" in told) == (0, True), told
    status, told = await image.run(sys.executable, "-c", "import loadtests, service; print(service.__file__)")
    assert (status, Path(told).is_relative_to(packages)) == (0, True), told


async def test_it_serves_is_healthy_and_bears_the_load_of_the_composition(image: Image, served: int) -> None:
    argv = [*LOAD["entrypoint"], *map(_filled, LOAD["command"])]
    assert argv[:3] == ["python", "-m", "loadtests"]
    argv[argv.index("http://api:3002")] = f"http://127.0.0.1:{served}"
    argv[argv.index("60")] = "2"
    environment = {**{name: _filled(value) for name, value in LOAD["environment"].items()}, "LOAD_OUT": "load"}
    status, told = await image.run(sys.executable, *argv[1:], **environment)
    figures = dict(each.split("=") for each in told.splitlines()[-1].split())
    assert (status, figures["failed"], figures["dropped"], figures["unresolved_events"]) == (0, "0", "0", "0"), told
    assert int(figures["arrivals"]) > 10
    assert int(figures["acknowledged_events"]) > 0
    assert (image.folder / "load" / "load.json").exists()


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "collector.Dockerfile"])
def test_what_is_copied_exists_and_is_let_into_the_build(dockerfile: str) -> None:
    ignored, *let_in = (PROJECT / ".dockerignore").read_text().splitlines()
    assert ignored == "*"
    sources = [source for each, _ in copies(dockerfile) for source in each]
    assert sources
    for source in sources:
        assert (PROJECT / source).exists()
        assert f"!{Path(source).parts[0]}" in let_in


def _commands(instruction: str) -> list[list[str]]:
    """Each in the JSON form, as the Dockerfile has them."""
    return [json.loads(found) for found in re.findall(rf"^ *{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)]


def _health_check() -> list[str]:
    health, _ = _commands("CMD")
    assert health[0] == "python"
    return [sys.executable, *health[1:]]


def _filled(text: str) -> str:
    """As Compose fills it in where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(text))
