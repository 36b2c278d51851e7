"""The ledger's scripts as plain Python, each one atomic, and what one worker sees of them through a bad network."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from service.domain.intent import Intent, parse_intent_id
from service.errors import FenceLostError, LedgerUnavailableError, NotFoundError
from service.ledger.journal import JournalEntry
from service.ledger.outbox import Pending
from service.ledger.sent import Sent
from service.ledger.shard_leases import ShardLease
from service.metering.comparison import span_of
from tests.simulation.violation import Violation


@dataclass
class Shard:
    fence: int = 0
    holder: str = ""
    ends_at: float = 0.0
    unsealed: Counter = field(default_factory=Counter)
    seqs: Counter = field(default_factory=Counter)
    outbox: dict = field(default_factory=dict)
    dead: dict = field(default_factory=dict)
    sent: Counter = field(default_factory=Counter)
    journal: list = field(default_factory=list)
    head: object = None
    holders: dict = field(default_factory=dict)


class LedgerModel:
    """`is_fenced` False is a fault that tests put in."""

    def __init__(self, world):
        self.world = world
        self.shards = defaultdict(Shard)
        self.written = defaultdict(list)
        self.billed = Counter()
        self.endings = Counter()
        self.workers = {}
        self.full_at = 0.0
        self.is_fenced = True

    def ingest(self, shard, tenant_id, event_type, hour, units):
        place = tenant_id, event_type, hour
        self.billed[place] += units
        self.shards[shard].unsealed[place] += units
        self.tell(shard, {"kind": "usage", "tenant_id": tenant_id, "value": str(units)})

    def tell(self, shard, fields):
        number = len(self.written[shard]) + 1
        entry = JournalEntry(f"{int(self.world.time() * 1000)}-{number}", fields)
        self.written[shard].append(entry)
        self.shards[shard].journal.append(entry)

    def fenced(self, lease):
        """The shard; raises FenceLostError."""
        shard = self.shards[lease.shard]
        if shard.fence != lease.fence or shard.ends_at <= self.world.time():
            if self.is_fenced:
                raise FenceLostError
            raise Violation(f"shard {lease.shard} changed under fence {lease.fence}, which is over")
        return shard

    def acquire(self, number, owner, seconds):
        shard = self.shards[number]
        if shard.ends_at > self.world.time():
            return None
        shard.fence, shard.holder, shard.ends_at = shard.fence + 1, owner, self.world.time() + seconds
        shard.holders[shard.fence] = owner
        return shard.fence

    def extend(self, lease, seconds):
        shard = self.shards[lease.shard]
        if shard.fence != lease.fence or shard.ends_at <= self.world.time():
            return False
        shard.ends_at = self.world.time() + seconds
        return True

    def seal(self, lease, until_hour, limit):
        unsealed = self.shards[lease.shard].unsealed
        places = sorted((each for each in unsealed if each[2] < until_hour), key=lambda each: each[2])[:limit]
        if not places:
            return []
        shard, sealed = self.fenced(lease), []
        for place in places:
            value = shard.unsealed.pop(place)
            if value:
                sealed.append(self.intent(shard, place, value))
        for intent in sealed:
            shard.outbox[intent.intent_id] = Pending(
                intent, self.world.customer(intent.tenant_id), 0, None, intent.timestamp
            )
            self.tell(lease.shard, {"kind": "sealed", "intent_id": intent.intent_id, "value": str(intent.value)})
        return sealed

    def intent(self, shard, place, value):
        shard.seqs[place] += 1
        return Intent(*place, shard.seqs[place], value, span_of(place[2])[0])

    def due(self, number, now, limit):
        due = [each for each in self.shards[number].outbox.values() if each.due_at <= now]
        return sorted(due, key=lambda each: (each.due_at, each.intent.intent_id))[:limit]

    def begin(self, lease, intent_id, now, retry_at, afresh):
        shard = self.fenced(lease)
        if intent_id not in shard.outbox:
            raise NotFoundError
        before = shard.outbox[intent_id]
        self.endings["afresh"] += afresh
        first = now if before.first_sent_at is None or afresh else before.first_sent_at
        shard.outbox[intent_id] = replace(before, attempts=before.attempts + 1, first_sent_at=first, due_at=retry_at)
        return shard.outbox[intent_id]

    def delivered(self, lease, intent_id, how):
        shard = self.fenced(lease)
        pending = shard.outbox.pop(intent_id, None)
        if pending is None:
            return False
        self.endings[how] += 1
        name = parse_intent_id(intent_id)
        shard.sent[name.tenant_id, name.hour, name.event_type] += pending.intent.value
        self.tell(lease.shard, {"kind": "delivered", "intent_id": intent_id})
        return True

    def bury(self, lease, intent_id, reason):
        shard = self.fenced(lease)
        pending = shard.outbox.pop(intent_id, None)
        if pending is None:
            return False
        self.endings[reason] += 1
        shard.dead[intent_id] = (pending.intent, reason)
        self.tell(lease.shard, {"kind": "dead", "intent_id": intent_id, "reason": reason})
        return True

    def sent(self, number, tenant_id, month):
        units = self.shards[number].sent.items()
        return {(hour, kind): n for (tenant, hour, kind), n in units if tenant == tenant_id and hour.startswith(month)}

    def take(self, number, limit):
        return self.shards[number].journal[:limit]

    def archived(self, lease, head):
        shard = self.fenced(lease)
        shard.head = head
        known = [entry.id for entry in shard.journal]
        shard.journal = shard.journal[known.index(head.last_id) + 1 :] if head.last_id in known else shard.journal

    def meet(self, worker, seconds):
        now = self.world.time()
        self.workers[worker] = now + seconds
        self.workers = {name: until for name, until in self.workers.items() if until > now}
        return sorted(self.workers)

    def take_token(self, interval, size):
        now = self.world.time()
        full_at = max(self.full_at, now)
        early = full_at + interval - size * interval - now
        if early > 1e-9:
            return early
        self.full_at = full_at + interval
        return 0.0


class LedgerSeen:
    """All of the ledger that the duties ask for, as one worker reaches it: with latency, failures and lost answers.

    It stands for ShardLeases, Roster, Sealing, Outbox, SentReader, Journal and the rate's tokens at once.
    """

    def __init__(self, world, worker, lease_seconds):
        self.world = world
        self.worker = worker
        self.model = world.ledger
        self.seconds = lease_seconds

    async def acquire(self, shard, owner):
        deadline = self.world.time() + self.seconds
        fence = await self._call(lambda: self.model.acquire(shard, owner, self.seconds))
        return None if fence is None else ShardLease(shard, fence, deadline)

    async def renew(self, lease):
        deadline = self.world.time() + self.seconds
        held = await self._call(lambda: self.model.extend(lease, self.seconds))
        return replace(lease, deadline=deadline) if held else None

    async def release(self, lease):
        await self._call(lambda: self.model.extend(lease, 0))

    async def meet(self, worker, seconds):
        return await self._call(lambda: self.model.meet(worker, seconds))

    async def leave(self, worker):
        await self._call(lambda: self.model.workers.pop(worker, None))

    async def seal(self, lease, until_hour, limit):
        return await self._call(lambda: self.model.seal(lease, until_hour, limit))

    async def due(self, shard, now, limit):
        return await self._call(lambda: self.model.due(shard, now, limit))

    async def begin(self, lease, intent_id, now, retry_at, *, afresh=False):
        return await self._call(lambda: self.model.begin(lease, intent_id, now, retry_at, afresh))

    async def delivered(self, lease, intent_id, _now, how):
        return await self._call(lambda: self.model.delivered(lease, intent_id, how))

    async def bury(self, lease, intent_id, _now, reason):
        return await self._call(lambda: self.model.bury(lease, intent_id, reason))

    async def sent(self, tenant_id, month):
        return Sent(await self._call(lambda: self.model.sent(self.world.shard(tenant_id), tenant_id, month)), {})

    async def take(self, *arguments):
        """Entries of a journal, or without arguments a token of the rate."""
        if not arguments:
            return await self._call(lambda: self.model.take_token(0.05, 2))
        return await self._call(lambda: self.model.take(*arguments))

    async def archived(self, lease, head):
        await self._call(lambda: self.model.archived(lease, head))

    async def head(self, shard):
        return await self._call(lambda: self.model.shards[shard].head)

    async def _call(self, effect):
        await self.worker.spend(self.world.latency(0.02))
        fate = self.world.draw()
        if fate < self.world.ledger_faults / 2:
            raise LedgerUnavailableError
        answer = effect()
        await self.worker.spend(self.world.latency(0.02))
        if fate < self.world.ledger_faults:
            raise LedgerUnavailableError
        return answer
