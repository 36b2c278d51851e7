"""How workers tell Stripe of usage."""

from dataclasses import dataclass

from service.config.reader import Reader


@dataclass(frozen=True, slots=True)
class MeteringConfig:
    """How workers tell Stripe of usage; `events_per_second` is for all of them together."""

    seal_grace_seconds: int
    events_per_second: int
    lease_seconds: int


def read_metering(reader: Reader) -> MeteringConfig:
    return MeteringConfig(
        seal_grace_seconds=reader.integer("SEAL_GRACE_SECONDS", 0, 86_400),
        events_per_second=reader.integer("STRIPE_METER_EVENTS_PER_SECOND", 1, 1000),
        lease_seconds=reader.integer("WORKER_LEASE_SECONDS", 6, 300),
    )
