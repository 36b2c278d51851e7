"""One tenant's month with what comes before it and after, drawn at random."""

from datetime import UTC, datetime, timedelta

from service import parts
from service.ledger import keys
from tests.agreement.naive import (
    DAY,
    FIGURES,
    GRACE,
    HOUR,
    SECOND,
    Book,
    Expected,
    microcents,
    month_of,
    next_month,
    priced,
    tiers,
)

TRIAL = 14 * DAY
LONGEST_LATE = 35 * DAY
BUSY = {"idle": 0, "light": 6, "edges": 10, "heavy": 16, "taken back": 2}
"""How often a tenant of each kind reports in its month."""


class Life:
    """One tenant's month, with what comes before it and after."""

    def __init__(self, stack, dice, month, seen):
        self.stack, self.dice, self.seen = stack, dice, seen
        self.start, self.end = month, next_month(month)
        self.plan = dice.choice(list(FIGURES["plans"]))
        self.profile = dice.choices(list(BUSY), [1, 3, 4, 4, 2])[0]
        self.trial_ends_at = self._draw_trial_end()
        self.signs_up_at = self.trial_ends_at - TRIAL - dice.randrange(3600) * SECOND
        self.book, self.tenant, self.events, self.has_changed_plan = Book(self.trial_ends_at), None, 0, False

    def plot(self):
        """What happens when."""
        acts = [(self.signs_up_at, self.sign_up)]
        if self.profile != "idle":
            busy = BUSY[self.profile]
            acts += [(self._instant(self.start, self.end - SECOND), self.report) for _ in range(busy)]
            acts += [(self._instant(self.start, self.end - SECOND), self.correct) for _ in range(busy // 4)]
            acts += self._maybe(0.3, self.start - 3 * DAY, self.start, self.report)
            acts += self._maybe(0.2, self.start, self.start + GRACE, self.report)
            acts += self._maybe(0.3, self.end - timedelta(minutes=5), self.end - SECOND, self.report)
            acts += self._maybe(0.3, self.end, self.end + GRACE - SECOND, self.report)
            acts += self._maybe(0.2, self.end, self.end + GRACE - SECOND, self.correct)
        if self.profile == "taken back":
            acts += [(self._instant(self.start - 5 * DAY, self.start), self.report) for _ in range(4)]
            acts += [(self._instant(self.start + GRACE, self.start + 10 * DAY), self.correct) for _ in range(6)]
        acts += self._maybe(0.15, self.start, self.end - SECOND, self.change_plan)
        return [(instant, act) for instant, act in acts if instant >= self.signs_up_at]

    async def sign_up(self):
        self.tenant = await self.stack.sign_up(self.plan)
        assert self.tenant.trial_ends_at == int(self.trial_ends_at.timestamp())

    async def report(self):
        now, events = self.stack.time.now, [self._event() for _ in range(self.dice.randint(1, 3))]
        shown = [{**event, "timestamp": event["timestamp"].isoformat()} for event in events]
        status, answer = await self.stack.ask(self.tenant.tenant_id, "POST", "/usage/report", events=shown)
        assert status in (200, 429), answer
        for event, result in zip(events, answer["results"], strict=True):
            self.seen[result.get("code", result["status"])] += 1
            if result["status"] == "accepted":
                self.book.enter(event["event_type"], event["value"], event["timestamp"], now)

    async def correct(self):
        """Take back or add to an hour that was used, as long as it can be corrected."""
        now = self.stack.time.now
        known = [(kind, timestamp) for kind, timestamp in self.book.kept if timestamp > now - LONGEST_LATE]
        if not known:
            return
        event_type, timestamp = self.dice.choice(known)
        held = self.book.hours[event_type, timestamp.replace(minute=0, second=0, microsecond=0)]
        value = self.dice.choice([-held, -held, -self.dice.randint(0, held), -1, 3])
        if value == 0 or held + value < 0:
            return
        self.events += 1
        body = {"correction_id": f"c{self.events}", "event_type": event_type, "value": max(value, -(10**6))}
        told = {**body, "timestamp": timestamp.isoformat(), "reason": "counted wrongly"}
        path = f"/usage/{self.tenant.tenant_id}/corrections"
        status, answer = await self.stack.ask(self.tenant.tenant_id, "POST", path, **told)
        assert status in (201, 429), answer
        self.seen[f"correction {status}"] += 1
        if status == 201:
            self.book.enter(event_type, body["value"], timestamp, now)

    async def change_plan(self):
        await self.stack.move_stripe(self.stack.time.now)
        self.plan = self.dice.choice(list(FIGURES["plans"]))
        body = {"name": "Example", "email": "billing@example.com", "plan": self.plan}
        status, answer = await self.stack.ask(self.tenant.tenant_id, "PUT", f"/tenants/{self.tenant.tenant_id}", **body)
        assert status == 200, answer
        self.has_changed_plan = True
        self.seen["plan changed"] += 1

    async def send_meter_events(self):
        """Each billed hour as one intent."""
        tenant_id, gateway = self.tenant.tenant_id, self.stack.app[parts.GATEWAY]
        billed = self.stack.ledger.hgetall(keys.billed(tenant_id, f"{self.start:%Y-%m}"))
        for name, value in billed.items():
            hour, event_type = keys.parse_counter_field(name)
            if "T" in hour and int(value):
                moment = int(datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC).timestamp())
                meter = FIGURES["event_types"][event_type]["meter"]
                identifier = f"{tenant_id}:{event_type}:{hour}:0"
                await gateway.send_meter_event(meter, self.tenant.customer_id, int(value), identifier, moment)

    async def leave(self):
        """So that the sandbox need not bill the tenant for ever."""
        await self.stack.app[parts.GATEWAY].cancel(self.tenant.subscription_id, False, f"leave-{self.tenant.tenant_id}")

    def paid_fee(self):
        """The plan's fee for the part of the month that follows the trial, in whole micro-cents."""
        paid = max(self.end - max(self.start, self.trial_ends_at), timedelta()) // SECOND
        monthly = microcents(FIGURES["plans"][self.plan]["monthly_price"])
        return monthly * paid // ((self.end - self.start) // SECOND)

    def expected(self):
        units = self.book.billed[month_of(self.start)]
        usage = {each: priced(self.plan, each, units[each]) for each in FIGURES["event_types"]}
        stays = self.trial_ends_at <= self.end
        return Expected(usage, microcents(FIGURES["plans"][self.plan]["monthly_price"]) if stays else 0)

    def __str__(self):
        return (
            f"{self.plan} in {self.start:%Y-%m}, trial until {self.trial_ends_at:%Y-%m-%dT%H}, {self.tenant.tenant_id}"
        )

    def _draw_trial_end(self):
        kind = self.dice.choices(["before", "at start", "inside", "at end", "after"], [9, 2, 7, 1, 1])[0]
        hours = int((self.end - self.start) / HOUR)
        offset = {"before": (-240, -1), "at start": (0, 0), "inside": (1, hours - 1), "at end": (hours, hours)}
        return self.start + self.dice.randint(*offset.get(kind, (hours + 1, hours + 100))) * HOUR

    def _instant(self, start, end):
        return start + self.dice.random() * (end - start)

    def _maybe(self, chance, start, end, act):
        return [(self._instant(start, end), act)] if self.dice.random() < chance else []

    def _event(self):
        self.events += 1
        event_type = self.dice.choice(list(FIGURES["event_types"]))
        event = {"event_type": event_type, "value": self._value(event_type), "timestamp": self._timestamp()}
        return {"event_id": f"e{self.events}", **event}

    def _timestamp(self):
        """Mostly just now; sometimes days late, a little ahead, or on either side of a boundary."""
        now, dice = self.stack.time.now, self.dice
        edges = [
            edge - off
            for edge in (self.start, self.end, self.trial_ends_at)
            for off in (timedelta(), timedelta(microseconds=1))
        ]
        drawn = dice.choices(
            [
                now - dice.random() * 3 * HOUR,
                now - dice.random() * 34 * DAY,
                now + dice.random() * 290 * SECOND,
                dice.choice(edges),
            ],
            [14, 3, 1, 2],
        )[0]
        return drawn if now - LONGEST_LATE < drawn < now + 290 * SECOND else now

    def _value(self, event_type):
        """A few, or up to about the next tier's edge, or as many as the daily cap may just allow."""
        have = max(self.book.billed[month_of(self.start)][event_type], 0)
        up_to, price = next((up_to, price) for up_to, price in tiers(self.plan, event_type) if have < up_to)
        cap = microcents(FIGURES["plans"][self.plan]["daily_cost_cap"])
        affordable = int(cap / price * self.dice.uniform(0.1, 1.05)) if price else 10**6
        to_edge = up_to - have + self.dice.choice([-1, 0, 0, 1])
        most = {"edges": min(to_edge, affordable), "heavy": affordable}.get(self.profile, self.dice.randint(1, 100))
        return min(max(most, 1), 10**6)
