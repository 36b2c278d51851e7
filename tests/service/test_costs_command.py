import asyncio
import json
from datetime import UTC, datetime

import pytest

from service.__main__ import main
from service.commands.costs import CostsError, run_costs
from service.config import RedisConfig
from service.costs_report import render_costs
from service.domain.catalog import load_catalog
from service.domain.tenant import Plan, TenantStatus
from service.domain.usage import EventType, UsageEvent
from service.ledger.ingest import UsageIntake
from service.ledger.request_counts import RequestCounts

SIGN, VERIFY, STAMP = EventType
PAYING, TRYING = "11" + "0" * 30, "22" + "0" * 30
NOW = datetime(2031, 11, 3, 12, tzinfo=UTC)


def config(server):
    return RedisConfig.from_env({"REDIS_PORT": str(server.port)})


@pytest.fixture
async def used(own_redis, open_ledger, enroll):
    """A ledger with a tenant that pays and one that is in its trial, both of which used the service."""
    ledger, second = open_ledger(own_redis.port), int(datetime(2031, 10, 20, tzinfo=UTC).timestamp())
    await enroll(ledger, tenant_id=PAYING, monthly_budget_cents=1_000)
    await enroll(
        ledger,
        tenant_id=TRYING,
        plan=Plan.PRO,
        status=TenantStatus.TRIAL,
        created_at=second,
        trial_ends_at=second + 30 * 86_400,
    )
    intake, requests = UsageIntake(ledger, load_catalog()), RequestCounts(ledger, lambda: NOW)
    for tenant_id in (PAYING, TRYING):
        events = [UsageEvent(f"e{kind}", kind, 60, NOW, {}) for kind in (SIGN, STAMP)]
        await intake.take(tenant_id, events, NOW)
        requests.count(tenant_id)
    await requests.flush()
    return own_redis


async def shown(server, month="2031-11", tenant_id=None, output="json"):
    costs = await asyncio.to_thread(run_costs, config(server), month, tenant_id, NOW)
    text = render_costs(costs, output)
    return json.loads(text) if output == "json" else text.splitlines()


async def test_each_day_has_its_revenue_and_cost(used):
    document = await shown(used)
    paying, trying = document["tenants"]
    assert (paying["tenant_id"], paying["plan"], paying["status"], paying["budget"]) == (
        PAYING,
        "starter",
        "active",
        "exceeded",
    )
    assert [day["day"] for day in paying["days"]] == ["2031-11-01", "2031-11-02", "2031-11-03"]
    today = paying["days"][2]
    assert (today["usage_microcents"], today["fee_microcents"]) == (60 * 50_000_000, 19_900_000_000 // 30 + 1)
    assert today["storage_microcents"] == 60 * 1_800
    assert today["timestamp_authority_microcents"] == 60 * 180_000
    assert today["requests_microcents"] == 30
    assert today["cost_microcents"] == 60 * 181_800 + 30
    assert (trying["revenue_microcents"], trying["cost_microcents"]) == (0, 60 * 181_800 + 30)
    assert (trying["margin_ratio"], trying["budget"]) == (None, None)


async def test_the_total_is_that_of_the_tenants(used):
    document = await shown(used)
    assert document["total"].keys() <= document["tenants"][0].keys()
    for name in ("revenue_microcents", "cost_microcents", "fee_microcents", "usage_microcents"):
        assert document["total"][name] == sum(tenant[name] for tenant in document["tenants"])
        assert [tenant[name] for tenant in document["tenants"]] == [
            sum(day[name] for day in tenant["days"]) for tenant in document["tenants"]
        ]


async def test_the_margin_floor_is_judged_for_each_tenant_and_day(used):
    document = await shown(used)
    paying, trying = document["tenants"]
    assert (document["margin_floor_percent"], paying["margin_ratio"]) == (70, 0.9978)
    assert (paying["keeps_margin_floor"], trying["keeps_margin_floor"]) == (True, False)
    assert [day["keeps_margin_floor"] for day in trying["days"]] == [True, True, False]


async def test_the_table_has_a_line_for_each_tenant_and_one_for_all(used):
    head, paying, trying, total = await shown(used, output="table")
    assert head.split() == [
        *("TENANT", "PLAN", "STATUS", "REVENUE", "STORAGE", "TIMESTAMPS"),
        *("REQUESTS", "COST", "MARGIN", "FLOOR", "BUDGET"),
    ]
    assert paying.split()[:4] == [PAYING, "starter", "active", "49.90"]
    assert paying.split()[-5:] == ["0.0000", "0.1091", "99.78%", "kept", "exceeded"]
    assert trying.split()[-4:] == ["0.1091", "-", "BELOW", "-"]
    assert total.split()[:4] == ["total", "of", "2", "49.90"]


async def test_one_tenant_can_be_chosen(used):
    assert [tenant["tenant_id"] for tenant in (await shown(used, tenant_id=TRYING))["tenants"]] == [TRYING]


async def test_a_month_without_usage_costs_nothing(used):
    document = await shown(used, month="2031-12")
    assert document["total"]["cost_microcents"] == document["total"]["revenue_microcents"] == 0
    assert document["total"]["keeps_margin_floor"]


@pytest.mark.parametrize("tenant_id", ["33" + "0" * 30, "nobody", ""])
async def test_an_unknown_tenant_is_a_mistake(used, tenant_id):
    with pytest.raises(CostsError, match="expected the id of a tenant"):
        await shown(used, tenant_id=tenant_id)


def test_the_command_needs_nothing_but_redis(own_redis, monkeypatch, capsys):
    monkeypatch.setattr("os.environ", {"REDIS_PORT": str(own_redis.port)})
    assert main(["costs"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("total of 0")


@pytest.mark.parametrize(("arguments", "what"), [(["--month", "2031-13"], "--month '2031-13'"), ([], "cannot read")])
def test_a_mistake_is_one_line(monkeypatch, capsys, arguments, what):
    monkeypatch.setattr("os.environ", {"REDIS_PORT": "1"})
    assert main(["costs", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"billing: {what}")
    assert "; expected " in line
