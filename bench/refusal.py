"""Measures what a refusal costs the process, against a usage report that is served.

    python -m bench.refusal

`python -m bench.refusal serve` is the service with room for nobody; the bench starts it.
"""

import asyncio
import sys

from bench.overload import closed_loop, cpu_seconds, requests, say, stack
from service import __main__ as billing
from service.limits import admission

SECONDS = 3.0


async def cost(program: str, status: int) -> float:
    """Of one answer, in seconds of the process's CPU."""
    async with stack(program) as (port, shown, service, _):
        source = requests(shown)
        await closed_loop(port, source, 1.0)
        before = cpu_seconds(service)
        tally, _ = await closed_loop(port, source, SECONDS)
        return (cpu_seconds(service) - before) / tally.statuses[status]


async def measure() -> None:
    served, refused = await cost("service", 200), await cost("bench.refusal", 503)
    say(f"served_us={served * 1e6:.0f} refused_us={refused * 1e6:.1f} refused_share={refused / served:.3f}")


def main() -> int:
    if sys.argv[1:] == ["serve"]:
        admission.HIGHEST_LIMIT = admission.LOWEST_LIMIT = 0
        return billing.main(["serve"])
    asyncio.run(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
