"""The development stack, as its own command starts it, for the tests that use the product from outside."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.security.promises import FIGURE

START_SECONDS = 40


@dataclass(frozen=True)
class Stack:
    """A running stack: what its card says, and the folder with its data and logs."""

    folder: Path
    base_url: str
    tenant_id: str
    api_key: str
    webhook_secret: str
    stripe_sandbox_url: str

    def redis(self):
        """A client of the stack's ledger that sees bytes."""
        lines = (self.folder / "redis.conf").read_text().splitlines()
        settings = dict(line.split(" ", 1) for line in lines)
        return redis.Redis(port=int(settings["port"]), password=settings["requirepass"])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Side by side, files with a long test begin first, then those with many, so that no core idles at the end."""
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        long = {item.path for item in items if item.get_closest_marker("long")}
        items.sort(key=lambda item: (item.path not in long, -tests[item.path]))


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """Started once; the command is asked to end as by Ctrl-C, and must do so."""
    folder = tmp_path_factory.mktemp("dev") / "stack"
    argv = [sys.executable, "-m", "chaos.lab.dev", "--folder", str(folder), "--port", "3102", "--no-reload"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    card = folder.with_suffix(".json")
    deadline = time.monotonic() + START_SECONDS
    while not card.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    if not card.exists():
        process.terminate()
        pytest.fail(process.communicate(timeout=START_SECONDS)[0])
    yield Stack(folder, **json.loads(card.read_text()))
    process.terminate()
    process.communicate(timeout=START_SECONDS)
    assert process.returncode == 0


@pytest.fixture
def proves(request):
    """Report the figure that a test found for a promise of tests/security/promises.yaml."""

    def report(promise_id, figure):
        request.node.user_properties.append((f"{FIGURE}{promise_id}", str(figure)))

    return report
