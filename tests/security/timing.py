"""Can five kinds of refusal be told apart by their time? `make timing`: Welch's t between each two of them.

Keys are presented to the service's own authenticator before a real Redis, one at a time, in random order. The slowest
tenth of all samples is left out as well as in, since the machine's own noise hides small differences: the larger t
counts. 4.5 is the bound that is usual for leakage tests (TVLA): a difference beyond it is no chance.
"""

import asyncio
import gc
import random
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from itertools import combinations
from math import sqrt
from pathlib import Path
from time import perf_counter_ns

from service.errors import UnauthorizedError
from service.ledger.connection import Ledger, connect
from service.telemetry.pipeline import create_resource, create_telemetry
from tests.service.conftest import RedisServer, redis_config
from tests.service.refusals import KINDS, open_refusals

LIMIT = 4.5
KEPT_SHARE = 0.9
WARM_UP = 2_000
_BLOCK = 5_000


class HastyGate:
    """What must not be: an unknown id is answered before anything is compared."""

    def __init__(self, gate):
        self.gate = gate

    async def admit(self, key_id, now, *presented):
        key = await self.gate.read(key_id)
        if key.tenant_id == "0" * 32:
            return None
        return await self.gate.admit(key_id, now, *presented)


async def sample(samples, seed, *, hasty):
    """Return nanoseconds by kind."""
    taken = {kind: [] for kind in KINDS}
    async with AsyncExitStack() as stack:
        refusals = await _refusals(stack)
        authenticator = refusals.authenticator
        if hasty:
            object.__setattr__(authenticator, "gate", HastyGate(authenticator.gate))
        dice = random.Random(seed)
        for done in range(0, samples + WARM_UP, _BLOCK):
            order = [KINDS[index % len(KINDS)] for index in range(min(_BLOCK, samples + WARM_UP - done))]
            dice.shuffle(order)
            await _block(authenticator, refusals.presented, order, dice, taken)
            _tell(f"{min(done + _BLOCK, samples)} of {samples}")
    warm = WARM_UP // len(KINDS)
    return {kind: times[warm:] for kind, times in taken.items()}


async def _block(authenticator, presented, order, dice, taken):
    shown = [dice.choice(presented[kind]) for kind in order]
    gc.collect()
    gc.disable()
    for kind, text in zip(order, shown, strict=True):
        started = perf_counter_ns()
        try:
            await authenticator.admit(text)
        except UnauthorizedError:
            taken[kind].append(perf_counter_ns() - started)
    gc.enable()


async def _refusals(stack):
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = RedisServer(folder)
    server.start()
    stack.callback(server.kill)
    ledger = Ledger(connect(redis_config(server.port)), create_telemetry(create_resource("timing", "timing"), [], []))
    stack.push_async_callback(ledger.close)
    return await open_refusals(ledger)


def welch(one, other):
    """Welch's t of two samples."""
    variance = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return abs(statistics.fmean(one) - statistics.fmean(other)) / sqrt(variance)


def cropped(taken):
    """Without the slowest samples of all kinds together."""
    every = sorted(time for times in taken.values() for time in times)
    bound = every[int(len(every) * KEPT_SHARE)]
    return {kind: [time for time in times if time <= bound] for kind, times in taken.items()}


def compare(taken):
    """Return Welch's t of each two kinds, the larger one of all samples and of those that are left when cropped."""
    left = cropped(taken)
    return {
        (one, other): max(welch(taken[one], taken[other]), welch(left[one], left[other]))
        for one, other in combinations(KINDS, 2)
    }


def main(argv):
    samples, hasty = int(argv[0]) if argv else 100_000, "--hasty" in argv
    taken = asyncio.run(sample(samples, random.SystemRandom().random(), hasty=hasty))
    for kind, times in taken.items():
        print(f"{kind:<16} median {statistics.median(times) / 1000:8.2f} us  of {len(times)}")
    results = compare(taken)
    for (one, other), t in sorted(results.items(), key=lambda each: -each[1]):
        print(f"{one:<16} {other:<16} t {t:5.2f}")
    worst, count = max(results.values()), sum(map(len, taken.values()))
    print(f"classes={len(KINDS)} samples={count} max_t={worst:.2f}")
    return 0 if worst < LIMIT and count >= samples else 1


def _tell(line):
    if sys.stderr.isatty():
        print(f"timing: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
