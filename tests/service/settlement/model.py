"""What the ledger promises of the way from billed units to Stripe, written down as naively as possible."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from service.domain.timestamp import parse_rfc3339

SHARD = 7
START = datetime(2126, 10, 31, 20, 40, tzinfo=UTC)  # far ahead, so that no claim expires meanwhile
TRIAL_ENDS = datetime(2126, 10, 31, 23, tzinfo=UTC)
NO_TRIAL = datetime(2126, 1, 1, tzinfo=UTC)
TENANTS = {f"{SHARD:02x}" + "a" * 30: TRIAL_ENDS, f"{SHARD:02x}" + "b" * 30: NO_TRIAL}


class Model:
    """Units by tenant, event type and billed hour; values and states by intent id."""

    def __init__(self):
        self.billed, self.unsealed, self.numbers = Counter(), Counter(), Counter()
        self.values, self.states = {}, {}

    def use(self, tenant_id, use, now):
        if use.timestamp < TENANTS[tenant_id]:
            return
        is_late = f"{use.timestamp:%Y-%m}" < f"{now - timedelta(minutes=15):%Y-%m}"
        hour = f"{now:%Y-%m}-01T00" if is_late else f"{use.timestamp:%Y-%m-%dT%H}"
        self.billed[tenant_id, use.event_type, hour] += use.value
        self.unsealed[tenant_id, use.event_type, hour] += use.value

    def seal(self, until_hour, limit, found):
        """Which intents there are to be, given which of the hours the ledger took first."""
        ready = {place: value for place, value in self.unsealed.items() if place[2] < until_hour}
        places = [(intent.tenant_id, intent.event_type, intent.hour) for intent in found]
        assert len(set(places)) == len(places) <= limit
        for place, intent in zip(places, found, strict=True):
            self.numbers[place] += 1
            assert (intent.value, intent.seq) == (ready.pop(place), self.numbers[place])
            assert intent.timestamp == start_of(place[2])
            assert intent.intent_id not in self.values
            self.values[intent.intent_id], self.states[intent.intent_id] = intent.value, "pending"
            del self.unsealed[place]
        left = [place for place, value in ready.items() if value]
        assert limit == len(found) or len(left) < limit
        assert not left or max((place[2] for place in places), default="") <= max(place[2] for place in left)

    def ids(self, *states):
        return sorted(each for each, state in self.states.items() if state in states)

    def total(self, *states):
        summed = Counter()
        for intent_id in self.ids(*states):
            tenant_id, event_type, hour, _ = intent_id.split(":")
            summed[tenant_id, event_type, hour] += self.values[intent_id]
        return summed


def start_of(hour):
    return int(parse_rfc3339(f"{hour}:00:00Z").timestamp())
