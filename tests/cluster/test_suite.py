"""The service's own tests once more, on a cluster of three nodes instead of one server.

`CLUSTER_SUITE=all` runs every test that has to do with the ledger, else a part that is quick. To run any other one so,
put `LEDGER=cluster` in front of it.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

QUICK = ("ledger_tenants", "keyring", "corrections", "webhook_queue", "idempotency_records", "replay", "dead_letters")
ALL = (
    *QUICK,
    *("ingest_script", "ledger_paging", "ledger_request_counts", "leases", "reviews", "audit_trail", "audit"),
    *("commands_archive", "usage_api", "keys_api", "tenants_api", "webhooks_api", "cost_api", "billing_api"),
    *("idempotency", "authentication", "export", "signup", "worker_webhooks", "archiver", "sender", "reconciler"),
)
ONE_SERVER = (
    "ingest_script.py::test_a_read_only_server_is_unavailable",
    "ledger_request_counts.py::test_what_could_not_be_added_is_added_later",
    "signup.py::test_the_key_is_stored_only_as_a_digest",
    "usage_api.py::test_a_ledger_that_is_not_there_is_a_503_with_retry_after",
    "webhooks_api.py::test_stripe_sends_again_what_the_ledger_did_not_take",
)
"""These look into the one server's files, or take it away."""
ROOT = Path(__file__).parents[2]
IS_WHOLE = os.environ.get("CLUSTER_SUITE") == "all"
SECONDS = 900 if IS_WHOLE else 120


@pytest.mark.long
async def test_the_ledger_is_the_same_on_a_cluster():
    suite, least = (ALL, 250) if IS_WHOLE else (QUICK, 50)
    files = [f"tests/service/test_{name}.py" for name in suite]
    left_out = [f"--deselect=tests/service/test_{name}" for name in ONE_SERVER]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, *files),
        cwd=ROOT,
        env={**os.environ, "LEDGER": "cluster"},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    assert int(re.search(r"(\d+) passed", told)[1]) >= least
