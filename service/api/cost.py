"""`/usage/{tenant_id}/cost`: what a month costs the tenant, day by day, and where it will end."""

from aiohttp import web

from service.api.amounts import CENTS, CURRENCY, DAY, MICROCENTS, MONTH
from service.api.route import Answer, Route
from service.domain.api_key import Scope
from service.domain.cost import DayCost
from service.domain.forecast import BudgetStatus, Method
from service.domain.money import round_to_cents
from service.domain.schema import Choice, Flag, Listing, Nullable, Number, Record
from service.domain.statement import Statement
from service.domain.tenant import PLAN, TENANT_ID, Tenant
from service.parts import CATALOG, CLOCK, QUERY, STATEMENTS, TENANCY, USAGE_READER
from service.parts import TENANT_ID as OWN

_DAY = Record(
    {
        "day": DAY,
        "usage_microcents": MICROCENTS,
        "fee_microcents": MICROCENTS,
        "total_microcents": MICROCENTS,
    },
    name="DayCost",
    about="What the day's units add to the month's charge, and the day's share of the plan's fee.",
)
_FORECAST = Record(
    {"method": Choice(list(Method)), "month_end_microcents": MICROCENTS, "month_end_cents": CENTS}, name="CostForecast"
)
_BUDGET = Record(
    {"monthly_budget_cents": CENTS, "used_percent": Number(), "status": Choice(list(BudgetStatus))}, name="Budget"
)
_CAP = Record(
    {
        "limit_microcents": MICROCENTS,
        "used_microcents": MICROCENTS,
        "used_percent": Number(),
        "reached": Flag(
            about="Whether nothing is left of it, so that priced events are rejected until the UTC day ends."
        ),
    },
    name="DailyCostCap",
    about="Today's, whichever month is asked for, by list price.",
)
COST = Record(
    {
        "tenant_id": TENANT_ID,
        "plan": PLAN,
        "month": MONTH,
        "currency": CURRENCY,
        "days": Listing(_DAY),
        "total_microcents": MICROCENTS,
        "total_cents": CENTS,
        "forecast": Nullable(_FORECAST),
        "budget": Nullable(_BUDGET),
        "daily_cost_cap": _CAP,
    },
    name="Cost",
)


async def read_cost(request: web.Request) -> web.Response:
    tenant = await request.app[TENANCY].of(request[OWN])
    now = request.app[CLOCK]()
    month = str(request[QUERY].get("month", f"{now:%Y-%m}"))
    statement = await request.app[STATEMENTS].of(tenant, month)
    limit = request.app[CATALOG].plans[tenant.plan].daily_cost_cap_microcents
    used = await request.app[USAGE_READER].day_spend(tenant.tenant_id, f"{now:%Y-%m-%d}")
    return web.json_response(
        {
            "tenant_id": tenant.tenant_id,
            "plan": tenant.plan,
            "month": month,
            "currency": request.app[CATALOG].currency,
            "days": [_shown_day(day) for day in statement.days],
            "total_microcents": statement.revenue_microcents,
            "total_cents": round_to_cents(statement.revenue_microcents),
            "forecast": _shown_forecast(statement),
            "budget": _shown_budget(tenant, statement),
            "daily_cost_cap": {
                "limit_microcents": limit,
                "used_microcents": used,
                "used_percent": _percent(used, limit),
                "reached": used >= limit,
            },
        }
    )


def _shown_day(day: DayCost) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "usage_microcents": day.usage_microcents,
        "fee_microcents": day.fee_microcents,
        "total_microcents": day.revenue_microcents,
    }


def _shown_forecast(statement: Statement) -> dict[str, object] | None:
    outlook = statement.outlook
    if outlook is None:
        return None
    end = outlook.month_end_microcents
    return {"method": outlook.method, "month_end_microcents": end, "month_end_cents": round_to_cents(end)}


def _shown_budget(tenant: Tenant, statement: Statement) -> dict[str, object] | None:
    budget = tenant.monthly_budget_cents
    if budget is None or statement.budget is None:
        return None
    used = round_to_cents(statement.revenue_microcents)
    return {"monthly_budget_cents": budget, "used_percent": _percent(used, budget), "status": statement.budget}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


ROUTES = (
    Route(
        "GET",
        "/usage/{tenant_id}/cost",
        read_cost,
        scope=Scope.BILLING_READ,
        tag="Usage",
        summary="Read what a month costs",
        about=(
            "From the month's first day to today: what each day's units add to the month's charge, and its share of "
            "the plan's fee, which is owed from the end of the trial on. A month before the sign-up, or one that has "
            "not begun, has no days. The forecast is there for the current month only."
        ),
        query={"month": MONTH},
        answers=(Answer(200, "The month's charges by day, their forecast, the budget and the daily cap.", COST),),
    ),
)
