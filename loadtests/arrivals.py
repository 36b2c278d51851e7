"""The open-loop schedule: when requests are meant to be sent, whatever the service does."""

from collections.abc import Iterator

from loadtests.seeds import stream


def intended_offsets(rate: float, seed: int) -> Iterator[float]:
    """Endless Poisson arrivals as seconds after the start, `rate` a second on average.

    The same seed gives the same schedule. Nothing here knows of answers: a stalled service must not thin out
    its own arrivals, or the stall disappears from the percentiles (coordinated omission).
    """
    rng = stream("arrivals", seed)
    offset = 0.0
    while True:
        offset += rng.expovariate(rate)
        yield offset
