"""A ledger that has lived: usage, corrections, keys, intents in every state, and part of its journal archived."""

import random
import time
from datetime import UTC, datetime, timedelta

from service.archive.segments import SegmentWriter, shard_folder
from service.domain.audit_entry import AuditEntry
from service.domain.catalog import load_catalog
from service.domain.correction import Correction
from service.domain.usage import EventType, UsageEvent
from service.ledger import keys
from service.ledger.corrections import Corrections
from service.ledger.dead_letters import DeadLetters
from service.ledger.ingest import UsageIntake
from service.ledger.journal import Journal
from service.ledger.outbox import Outbox
from service.ledger.sealing import Sealing
from service.ledger.shard_leases import ShardLeases
from service.ledger.tenants import TenantBook

ENTRY = AuditEntry("operator", "tenant.updated", "0")
CATALOG = load_catalog()


class Life:
    """Lives in one shard, so that the workers' part is quick; `acknowledged` are the events as a client saw them."""

    def __init__(self, ledger, data_dir, shard=0):
        self.ledger = ledger
        self.data_dir = data_dir
        self.now = _mid_month(datetime.now(UTC))
        self.shard = shard
        self.acknowledged = []
        self.tenant_ids = []
        self._intake, self._corrections = UsageIntake(ledger, CATALOG), Corrections(ledger, CATALOG)
        self._outbox, self._dead = Outbox(ledger), DeadLetters(ledger)
        self._leases = ShardLeases(ledger)
        self._lease = None

    async def enroll(self, enroll, number, **changes):
        """Enter a tenant of the shard; return it and its key."""
        tenant, key = await enroll(self.ledger, tenant_id=f"{16 * number:02x}{number:030x}", **changes)
        self.tenant_ids.append(tenant.tenant_id)
        return tenant, key

    async def use(self, count, seed=0):
        """Report events of the last three days, in small requests."""
        dice = random.Random(seed)
        for number in range(0, count, 5):
            tenant_id = dice.choice(self.tenant_ids)
            events = [self._event(dice, f"{seed}-{number + each}") for each in range(min(5, count - number))]
            intake = await self._intake.take(tenant_id, events, self.now)
            for event, taken in zip(events, intake.outcomes, strict=True):
                if taken.outcome == "accepted":
                    self.acknowledged.append(_line(tenant_id, event))

    async def correct(self, value, correction_id="c"):
        """Correct the hour of the first event."""
        first = self.acknowledged[0]
        correction = Correction(
            correction_id,
            EventType(first["event_type"]),
            value,
            datetime.fromisoformat(first["timestamp"]),
            "counted twice",
        )
        await self._corrections.book(first["tenant_id"], correction, self.now, ENTRY)

    async def rename(self, tenant_id):
        await TenantBook(self.ledger).change(tenant_id, {"name": "Exämple"}, ENTRY)

    async def seal(self):
        return await Sealing(self.ledger).seal(await self.lease(), keys.hour_of(self.now), 1000)

    async def end(self, intents):
        """Let the intents end in all the ways that there are; return what Stripe should have, by intent."""
        lease, at, sent = await self.lease(), int(time.time()), {}
        for number, intent in enumerate(intents):
            if number % 5 != 4:
                await self._outbox.begin(lease, intent.intent_id, at, at + 60)
            if number % 5 in (0, 1):
                await self._outbox.delivered(lease, intent.intent_id, at, "sent")
                sent[intent.intent_id] = intent
            elif number % 5 == 2:
                await self._outbox.bury(lease, intent.intent_id, at, "refused")
                if number % 3 == 0:
                    await self._dead.drop(intent.intent_id, ENTRY)
                elif number % 3 == 1:
                    await self._dead.retry(intent.intent_id, ENTRY)
        return sent

    async def archive(self, limit=10_000):
        """Archive the first entries of the journal and let them be trimmed."""
        journal, lease = Journal(self.ledger), await self.lease()
        entries = await journal.take(self.shard, limit)
        head = await journal.head(self.shard)
        writer = SegmentWriter(shard_folder(self.data_dir, self.shard), lease.fence, head)
        await journal.archived(lease, writer.append(entries))
        writer.close()

    async def lease(self):
        if self._lease is None:
            self._lease = await self._leases.acquire(self.shard, "test")
        return self._lease

    def _event(self, dice, name):
        kind = dice.choice(list(EventType))
        when = self.now - timedelta(minutes=dice.randrange(0, 3 * 24 * 60))
        return UsageEvent(name, kind, dice.randrange(1, 4), when, {})


def _mid_month(now):
    """Days after a month's start, so that no usage is late for its month."""
    return now if now.day > 4 else now - timedelta(days=5)


def _line(tenant_id, event):
    return {
        "tenant_id": tenant_id,
        "event_id": event.event_id,
        "event_type": str(event.event_type),
        "value": event.value,
        "timestamp": event.timestamp.isoformat(),
    }
