"""A random life of a shard: what is reported, corrected, sealed, sent, archived and decided; a model hears it too."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.audit_entry import AuditEntry
from service.domain.catalog import load_catalog
from service.domain.correction import Correction
from service.domain.tenant import Plan
from service.domain.usage import EventType, UsageEvent
from service.errors import CorrectionConflictError, CorrectionExceedsUsageError, FenceLostError, NotFoundError
from service.ledger import keys
from service.ledger.admission import KeyGate
from service.ledger.corrections import Corrections
from service.ledger.dead_letters import DeadLetters
from service.ledger.event_notes import EventNotes
from service.ledger.ingest import UsageIntake
from service.ledger.journal import ArchiveHead, Journal
from service.ledger.keyring import Keyring
from service.ledger.outbox import Outbox
from service.ledger.sealing import Sealing
from service.ledger.shard_leases import ShardLeases
from service.ledger.tenants import TenantBook
from tests.service.settlement.model import SHARD, START, TENANTS, Model

ENTRY = AuditEntry("operator", "billing.settled", "0", {"reason": "because"})
CATALOG = load_catalog()
READERS = {"hash": "hgetall", "stream": "xrange", "string": "get", "set": "smembers"}


def contents(server):
    """Everything that the server holds, by key."""
    client = server.client()

    def read(key):
        kind = client.type(key)
        return client.zrange(key, 0, -1, withscores=True) if kind == "zset" else getattr(client, READERS[kind])(key)

    return {key: read(key) for key in client.scan_iter()}


class Life:
    """Two tenants of a shard, two workers of whom one sleeps too long at times, and a person with the dead letters."""

    def __init__(self, seed, server, ledger):
        self.random = random.Random(seed)
        self.server, self.ledger = server, ledger
        self.now, self.model, self.done = START, Model(), Counter()
        self.leases = ShardLeases(ledger, 3600)
        self.lease, self.stale = None, []
        self.archived, self.known = [], {}
        self.intake, self.corrections = UsageIntake(ledger, CATALOG), Corrections(ledger, CATALOG)
        self.sealing, self.outbox, self.letters = Sealing(ledger), Outbox(ledger), DeadLetters(ledger)
        self.journal = Journal(ledger)

    async def begin(self, enroll):
        for tenant_id, ends in TENANTS.items():
            await enroll(
                self.ledger, tenant_id=tenant_id, trial_ends_at=int(ends.timestamp()), plan=Plan.ENTERPRISE, name="Ä/b"
            )
        self.lease = await self.leases.acquire(SHARD, "a")

    async def live(self, steps):
        acts = {self.report: 8, self.correct: 5, self.seal: 4, self.send: 9, self.settle: 4, self.archive: 2}
        acts |= {self.lose: 1, self.administer: 1}
        for _ in range(steps):
            self.now += timedelta(minutes=self.random.choice([0, 1, 5, 20, 45]))
            act = self.random.choices(list(acts), list(acts.values()))[0]
            await act()

    async def report(self):
        tenant_id = self.random.choice(list(TENANTS))
        events = [UsageEvent(f"e{self.random.randint(1, 400)}", *self.use(1), {}) for _ in range(3)]
        intake = await self.intake.take(tenant_id, events, self.now)
        for event, taken in zip(events, intake.outcomes, strict=True):
            if taken.outcome == "accepted":
                self.model.use(tenant_id, event, self.now)
            self.done[taken.outcome] += 1

    async def correct(self):
        tenant_id, sign = self.random.choice(list(TENANTS)), self.random.choice([-1, -1, 1])
        correction = Correction(f"c{self.random.randint(1, 90)}", *self.use(sign), "why")
        try:
            booked = await self.corrections.book(tenant_id, correction, self.now, ENTRY)
        except (CorrectionExceedsUsageError, CorrectionConflictError) as refusal:
            self.done[type(refusal).__name__] += 1
            return
        if not booked.is_duplicate:
            self.model.use(tenant_id, correction, self.now)
            self.done["corrected"] += 1

    def use(self, sign):
        kind, value = self.random.choice(list(EventType)), sign * self.random.choice([1, 1, 2, 7])
        return kind, value, (self.now - timedelta(minutes=self.random.choice([0, 0, 30, 70, 200]))).replace(second=0)

    async def seal(self):
        until = keys.hour_of(self.now - timedelta(minutes=self.random.choice([-120, 15, 15, 75])))
        limit = self.random.choice([1, 2, 500])
        found = await self.fenced(lambda lease: self.sealing.seal(lease, until, limit))
        if found is not None:
            self.model.seal(until, limit, found)

    async def send(self):
        """One step of a sender, with any intent that ever was, of which at most one state lets it go on."""
        if not self.model.states:
            return
        intent_id, now = self.random.choice(list(self.model.states)), int(self.now.timestamp())
        act, after = self.random.choice(
            [
                (lambda lease: self.tried(lease, intent_id, now), "pending"),
                (lambda lease: self.outbox.delivered(lease, intent_id, now, "sent"), "delivered"),
                (lambda lease: self.outbox.bury(lease, intent_id, now, "refused"), "dead"),
            ]
        )
        was_pending = self.model.states[intent_id] == "pending"
        done = await self.fenced(act)
        if done is not None:
            assert done == was_pending
            self.done[after] += done
            self.model.states[intent_id] = after if done else self.model.states[intent_id]

    async def tried(self, lease, intent_id, now):
        try:
            pending = await self.outbox.begin(lease, intent_id, now, now + self.random.choice([0, 900]))
        except NotFoundError:
            return False
        assert pending.intent.value == self.model.values[intent_id]
        first, attempts = self.known.get(intent_id, (now, 0))
        assert (pending.first_sent_at, pending.attempts) == (first, attempts + 1)
        self.known[intent_id] = first, attempts + 1
        return True

    async def settle(self):
        """A person decides on an intent, dead or not."""
        if not self.model.states:
            return
        intent_id = self.random.choice(self.model.ids("dead") or list(self.model.states))
        act, after = self.random.choice([(self.letters.retry, "pending"), (self.letters.drop, "dropped")])
        if self.model.states[intent_id] != "dead":
            with pytest.raises(NotFoundError):
                await act(intent_id, ENTRY)
            return
        await act(intent_id, ENTRY)
        self.model.states[intent_id] = after
        if intent_id in self.known:
            self.known[intent_id] = self.known[intent_id][0], 0
        self.done[act.__name__] += 1

    async def archive(self):
        """Archive some entries, or, with a lease that is over, none."""
        entries = await self.journal.take(SHARD, self.random.choice([1, 10, 1000]))
        if not entries:
            return
        head = ArchiveHead("segment", 7, entries[-1].id, "hash")
        if await self.fenced(lambda lease: self.archive_up_to(lease, head)):
            self.archived += entries

    async def archive_up_to(self, lease, head):
        await self.journal.archived(lease, head)
        assert await self.journal.head(SHARD) == head
        return True

    async def lose(self):
        """The worker sleeps past the end of its lease; now and then nobody else takes the shard at once."""
        assert await self.leases.acquire(SHARD, "b") is None
        self.server.client().delete(keys.shard_lease(SHARD))
        self.stale.append(self.lease)
        if self.random.random() < 0.5:
            await self.fenced(lambda lease: self.sealing.seal(lease, "9999", 500), forced=True)
        self.lease = await self.leases.acquire(SHARD, self.random.choice("ab"))
        assert self.lease.fence > self.stale[-1].fence

    async def administer(self):
        tenant_id, now = self.random.choice(list(TENANTS)), int(self.now.timestamp())
        keyring, changes = Keyring(self.ledger), {"name": f"n{self.random.random()}", "customer_id": "cus_2"}
        await TenantBook(self.ledger).change(tenant_id, changes, ENTRY)
        key = (await keyring.all_of(tenant_id))[0]
        await KeyGate(self.ledger).admit(key.key_id, now, key.digest)
        another = f"{SHARD:02x}{self.random.getrandbits(120):030x}"
        await keyring.add(replace(key, key_id=another, digest=self.random.randbytes(32), revoked_at=None), ENTRY)
        await keyring.revoke_all_but(tenant_id, another, now, ENTRY)
        await EventNotes(self.ledger).note(tenant_id, f"evt_{self.random.randint(1, 3)}", ENTRY)

    async def fenced(self, act, *, forced=False):
        """Do it with the lease; now and then with one that is over, which changes nothing at all."""
        if not forced and not (self.stale and self.random.random() < 0.2):
            return await act(self.lease)
        before = contents(self.server)
        try:
            answer = await act(self.random.choice(self.stale))
        except FenceLostError:
            self.done["fenced"] += 1
        else:
            assert answer == []
        assert contents(self.server) == before
        return None
