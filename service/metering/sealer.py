"""The duty to turn hours that are over into sums for Stripe that never change again."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from service.ledger import keys
from service.ledger.sealing import Sealing
from service.ledger.shard_leases import ShardLease
from service.metering.shares import Shares
from service.telemetry.instruments import Counter as Instrument

BATCH = 500


class SealDuty:
    """Seals the owned shards' hours once they are `grace_seconds` past their end."""

    name = "sealing"
    pause_seconds = 2.0

    def __init__(
        self, sealing: Sealing, shares: Shares, intents: Instrument, grace_seconds: int, clock: Callable[[], datetime]
    ) -> None:
        self._sealing = sealing
        self._shares = shares
        self._intents = intents
        self._grace = timedelta(seconds=grace_seconds)
        self._clock = clock

    async def once(self) -> bool:
        """Seal a batch of each owned shard; raises LedgerUnavailableError."""
        return await self._shares.each(self._seal)

    async def _seal(self, lease: ShardLease) -> bool:
        until_hour = keys.hour_of(self._clock() - self._grace)
        sealed = await self._sealing.seal(lease, until_hour, BATCH)
        for event_type, count in Counter(intent.event_type for intent in sealed).items():
            self._intents.add(count, {"billing.usage.event_type": event_type, "billing.metering.outcome": "sealed"})
        return len(sealed) == BATCH
