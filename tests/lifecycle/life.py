"""A tenant's life as a table: what happens, how it is noticed, and where the tenant stands afterwards."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from chaos.lab.stripe_sandbox.dice import Dice
from service.ledger import keys
from tests.lifecycle.world import BIRTH

HOUR, DAY = 3600, 24 * 3600
DECEMBER, JANUARY, FEBRUARY = (
    int(datetime(year, month, 1, tzinfo=UTC).timestamp()) for year, month in ((2026, 12), (2027, 1), (2027, 2))
)
TRIAL_END = -(-(BIRTH + 14 * DAY) // HOUR) * HOUR
OVERAGE_CENTS, FEE_CENTS = 500, 19_900
# Ids and numbers that Stripe draws; everything else in an audit trail must be the same in every life.
DRAWN = {"invoice", "number", "charge", "payment_method", "checkout", "key_id", "label"}


class Tenant:
    """One tenant, its client, and the chance by which its webhooks are doubled and shuffled; no seed leaves them."""

    def __init__(self, world, seed):
        self.world = world
        self.seed = seed
        self.dice = Dice(seed or 0)
        self.tenant_id = self.customer_id = ""
        self.key = {}
        self.late_copies = []
        self.standings = {}

    async def call(self, method, path, expected=200, **request):
        headers = {**self.key, "Idempotency-Key": uuid4().hex} if method == "POST" else self.key
        status, answer = await self.world.ask(method, path, headers=headers, **request)
        assert status == expected, f"{method} {path}: {status} {answer}"
        return answer

    async def own(self, method, expected=200, **request):
        return await self.call(method, f"/tenants/{self.tenant_id}", expected, **request)

    async def use(self, units, expected=200):
        time = self.world.time
        identifier, instant = f"{time.now}-{units}", time.clock().isoformat()
        events = [{"event_id": identifier, "event_type": "sign_events", "value": units, "timestamp": instant}]
        return await self.call("POST", "/usage/report", expected, json={"events": events})

    async def invoices(self):
        return (await self.call("GET", "/billing/invoices"))["data"]

    async def pay_by(self, card):
        """What the customer does on Stripe's portal page."""
        method = await self.world.stripe("POST", f"/v1/payment_methods/{card}/attach", customer=self.customer_id)
        form = {"invoice_settings[default_payment_method]": method["id"]}
        await self.world.stripe("POST", f"/v1/customers/{self.customer_id}", **form)

    def mail(self):
        """What is delivered now: each event once, some twice, some again a phase later; in any order."""
        events = [(event, False) for event in self.world.mailroom.collect(self.customer_id)]
        if self.seed is None:
            return events
        late, self.late_copies = self.late_copies, [(event, True) for event, _ in events if self.dice.draw() < 0.2]
        copies = [copy for copy in events if self.dice.draw() < 0.5]
        return self.dice.shuffled([*events, *copies, *late])

    async def stand(self, phase):
        tenant = await self.own("GET")
        names = ("status", "dunning", "plan", "cancel_at", "canceled_at", "trial_ends_at")
        self.standings[phase.name] = {name: tenant[name] for name in names}

    async def facts(self):
        """How often each fact is in the audit trail, whoever and whichever event brought it there."""
        facts, cursor = Counter(), {}
        while True:
            page = await self.call("GET", f"/tenants/{self.tenant_id}/audit", params={"limit": "100", **cursor})
            facts.update(_fact(entry) for entry in page["data"])
            if page["next_cursor"] is None:
                return facts
            cursor = {"cursor": page["next_cursor"]}


async def sign_up(tenant):
    body = {"name": "Example", "email": "billing@example.com", "plan": "starter"}
    made = await tenant.call("POST", "/tenants", 201, json=body)
    tenant.tenant_id, tenant.key = made["tenant_id"], {"Authorization": f"Bearer {made['api_key']}"}
    tenant.customer_id = tenant.world.redis.hget(keys.tenant(tenant.tenant_id), "customer_id")


async def reach_the_cap(tenant):
    await tenant.use(200)
    refused = await tenant.use(1, 429)
    assert refused["code"] == "TRIAL_LIMIT_EXCEEDED"


async def convert(tenant):
    urls = {name: f"https://billing.example.com/{name}" for name in ("success_url", "cancel_url")}
    page = await tenant.call("POST", "/billing/checkout", json=urls)
    identifier = page["url"].rpartition("/")[2]
    await tenant.world.control(f"checkout/{identifier}/complete", {"payment_method": "pm_card_visa"})


async def use_more_than_included(tenant):
    """Ten signatures beyond the 500; the report to Stripe is made by hand here."""
    await tenant.use(510)
    now = tenant.world.time.now
    await tenant.world.gateway.send_meter_event("c2pa_sign_events", tenant.customer_id, 510, tenant.tenant_id, now)


async def see_the_overage_billed(tenant):
    newest, *_ = await tenant.invoices()
    assert (newest["status"], newest["amount_paid_cents"]) == ("paid", FEE_CENTS + OVERAGE_CENTS)


async def lose_the_card(tenant):
    await tenant.pay_by("pm_card_chargeCustomerFail")


async def still_use(tenant):
    assert (await tenant.use(1))["results"][0]["status"] == "accepted"


async def be_refused(tenant):
    assert (await tenant.use(2, 403))["code"] == "tenant_suspended"


async def pay(tenant):
    await tenant.pay_by("pm_card_visa")
    open_ones = [invoice for invoice in await tenant.invoices() if invoice["status"] == "open"]
    assert len(open_ones) == 1
    await tenant.world.stripe("POST", f"/v1/invoices/{open_ones[0]['id']}/pay")


async def change_plan(tenant):
    await still_use(tenant)
    body = {"name": "Example", "email": "billing@example.com", "plan": "pro"}
    await tenant.own("PUT", json=body)


async def cancel(tenant):
    await tenant.own("DELETE", 202)


async def see_the_end(tenant):
    assert (await tenant.use(3, 403))["code"] == "tenant_canceled"
    newest, *_ = await tenant.invoices()
    prorated = [line["amount_cents"] for line in newest["lines"] if line["proration"]]
    assert len(prorated) == 2
    assert min(prorated) < 0 < max(prorated)


async def live(_):
    """Nothing but time passes."""


@dataclass(frozen=True)
class Phase:
    """Time moves on to `at`, the tenant acts, the worker notices by webhooks or else by a review, the tenant checks."""

    name: str
    act: object
    status: str
    dunning: str = "current"
    plan: str = "starter"
    cancel_at: str | None = None
    at: int | None = None
    check: object = live
    by_webhooks: bool = True


FIRST = "2027-02-01T00:00:00Z"
LIFE = (
    Phase("signed up", sign_up, "trial"),
    Phase("trial's cap reached", reach_the_cap, "trial", at=BIRTH + HOUR),
    Phase("trial about to end", live, "trial", at=TRIAL_END - 3 * DAY + 60),
    Phase("converted", convert, "trial", at=TRIAL_END - 2 * DAY),
    Phase("active", live, "active", at=TRIAL_END + 2 * HOUR),
    Phase("overage", use_more_than_included, "active", at=TRIAL_END + DAY),
    Phase("renewed", live, "active", at=DECEMBER + 2 * HOUR, check=see_the_overage_billed),
    Phase("card lost", lose_the_card, "active", at=DECEMBER + DAY),
    Phase("late", live, "active", "late", at=JANUARY + 2 * HOUR, check=still_use),
    Phase("grace", live, "grace", "grace", at=JANUARY + 3 * DAY, check=still_use, by_webhooks=False),
    Phase("suspended", live, "suspended", "suspended", at=JANUARY + 14 * DAY, check=be_refused, by_webhooks=False),
    Phase("recovered", pay, "active", at=JANUARY + 15 * DAY, check=still_use),
    Phase("plan changed", change_plan, "active", plan="pro", at=JANUARY + 20 * DAY),
    Phase("cancel requested", cancel, "active", plan="pro", cancel_at=FIRST, at=JANUARY + 25 * DAY),
    Phase("canceled", live, "canceled", plan="pro", at=FEBRUARY + 2 * HOUR, check=see_the_end),
)


def _fact(entry):
    details = tuple(sorted((name, value) for name, value in entry["details"].items() if name not in DRAWN))
    return entry["action"], details
