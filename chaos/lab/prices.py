"""The plans' prices in the lab's Stripe sandbox, made by the service's own command."""

from __future__ import annotations

from chaos.errors import LabError
from chaos.lab.processes import Running, last_line

SECONDS = 30.0


async def read_price_ids(running: Running) -> dict[str, str]:
    """Wait for `billing sync-catalog --output env` and return the variables that it printed; LabError if it failed."""
    code = await running.wait(SECONDS)
    log = running.command.log
    if code != 0:
        raise LabError(f"{running.command.name} ended with {code}; its last line in {log}: {last_line(log)}")
    lines = (line.partition("=") for line in log.read_text().splitlines())
    return {name: value for name, _, value in lines if name.endswith("_PRICE_ID")}
