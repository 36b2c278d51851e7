"""Measures what a refusal costs the process, against a usage report that is served.

    python -m bench.refusal

`python -m bench.refusal serve` is the service with room for nobody; the bench starts it. A run in which one of the two
also gave another answer says nothing, and ends with 3.
"""

import asyncio
import sys

from bench.overload import SAYS_NOTHING, closed_loop, cpu_seconds, requests, say, stack
from service import __main__ as billing
from service.limits import admission

SECONDS = 3.0


class NothingMeasuredError(Exception):
    """Not every answer was of the kind that is measured."""


async def cost(program: str, status: int) -> float:
    """Of one answer, in seconds of the process's CPU; raises NothingMeasuredError where there were others."""
    async with stack(program) as (port, shown, service, _):
        source = requests(shown)
        await closed_loop(port, source, 1.0)
        before = cpu_seconds(service)
        tally, _ = await closed_loop(port, source, SECONDS)
        taken = cpu_seconds(service) - before
        if set(tally.statuses) != {status}:
            raise NothingMeasuredError(f"expected {program} to answer {status} alone, got {dict(tally.statuses)}")
        return taken / tally.statuses[status]


async def measure() -> None:
    served, refused = await cost("service", 200), await cost("bench.refusal", 503)
    say(f"served_us={served * 1e6:.0f} refused_us={refused * 1e6:.1f} refused_share={refused / served:.3f}")


def main() -> int:
    if sys.argv[1:] == ["serve"]:
        admission.LOWEST_LIMIT = admission.FIRST_LIMIT = admission.HIGHEST_LIMIT = 0
        return billing.main(["serve"])
    try:
        asyncio.run(measure())
    except NothingMeasuredError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return SAYS_NOTHING
    return 0


if __name__ == "__main__":
    sys.exit(main())
