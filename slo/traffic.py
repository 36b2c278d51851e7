"""Made-up requests for rule tests, in promtool's notation of series."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slo import names
from slo.model import Slo, plain

STEP_SECONDS = 60
REQUESTS_A_STEP = 60_000


@dataclass(frozen=True)
class Phase:
    """A stretch of whole steps with a steady error ratio; None means no requests at all."""

    seconds: int
    error_ratio: Decimal | None

    @property
    def steps(self) -> int:
        return self.seconds // STEP_SECONDS

    @property
    def requests_a_step(self) -> Decimal:
        return Decimal(0 if self.error_ratio is None else REQUESTS_A_STEP)

    @property
    def errors_a_step(self) -> Decimal:
        return self.requests_a_step * (self.error_ratio or 0)


def input_series(slo: Slo, phases: Sequence[Phase]) -> list[dict[str, str]]:
    """A series of requests and one of errors; the errors are taken off the requests where `total` counts both."""
    labels = slo.bad.example()
    shared = slo.total.matches(slo.bad.metric, labels)
    requests = ((phase.requests_a_step - (phase.errors_a_step if shared else 0), phase.steps) for phase in phases)
    errors = ((phase.errors_a_step, phase.steps) for phase in phases)
    return [
        *requests_only(slo, _counter(requests)),
        {"series": f"{slo.bad.metric}{names.braces(labels)}", "values": _counter(errors)},
    ]


def requests_only(slo: Slo, values: str) -> list[dict[str, str]]:
    """A series of requests with these values, and no series of errors."""
    return [{"series": f"{slo.total.metric}{names.braces(slo.total.example())}", "values": values}]


def steady(seconds: int) -> str:
    """A counter of steady traffic."""
    return f"0+{REQUESTS_A_STEP}x{seconds // STEP_SECONDS}"


def _counter(segments: Iterable[tuple[Decimal, int]]) -> str:
    return " ".join(_runs(segments))


def _runs(segments: Iterable[tuple[Decimal, int]]) -> Iterator[str]:
    """Each segment as start+increase x further samples; the sample at 0 s comes before the first."""
    yield "0"
    value = Decimal(0)
    for increase, steps in segments:
        yield f"{plain(value + increase)}+{plain(increase)}x{steps - 1}"
        value += increase * steps
