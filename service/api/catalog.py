"""`/billing/plans` and `/billing/usage-tiers`: what is sold and at which price, for everybody to read."""

from aiohttp import web

from service.api.amounts import CURRENCY, EXACT, MICROCENTS
from service.api.route import Answer, Route
from service.domain.price_list import shown_plans, shown_tiers
from service.domain.schema import Choice, Listing, Members, Nullable, Record, Text, Whole
from service.domain.tenant import PLAN
from service.domain.usage import EventType
from service.errors import NotFoundError
from service.parts import CATALOG

_USD = Text(24, pattern=r"[0-9]+\.[0-9]{2,8}", about="US dollars.")
_UNITS = Whole(0, EXACT)
_TITLE = Text(64, ours=True)

PLAN_OFFER = Record(
    {
        "plan": PLAN,
        "title": _TITLE,
        "currency": CURRENCY,
        "monthly_price_microcents": MICROCENTS,
        "monthly_price_usd": _USD,
        "included": Members(_UNITS, names="[a-z0-9_]{1,64}", about="Units of each event type in a month."),
        "calls_per_minute": _UNITS,
        "domains": _UNITS,
        "daily_cost_cap_microcents": MICROCENTS,
        "daily_cost_cap_usd": _USD,
    },
    name="PlanOffer",
)
TRIAL = Record(
    {"days": _UNITS, "caps": Members(_UNITS, names="[a-z0-9_]{1,64}", about="Units that a trial may use in all.")},
    name="Trial",
)
PLANS = Record({"data": Listing(PLAN_OFFER), "trial": TRIAL}, name="Plans")
TIER = Record(
    {
        "from_unit": Whole(1, EXACT, about="First unit that the price holds for."),
        "up_to": Nullable(Whole(1, EXACT, about="Last unit that the price holds for; null where there is none.")),
        "unit_price_microcents": MICROCENTS,
        "unit_price_usd": _USD,
    },
    name="Tier",
)
PLAN_TIERS = Record({"plan": PLAN, "included": _UNITS, "tiers": Listing(TIER)}, name="PlanTiers")
TIERS = Record(
    {
        "event_type": Choice(list(EventType)),
        "title": _TITLE,
        "unit": _TITLE,
        "currency": CURRENCY,
        "overage": Listing(TIER, about="Counts the units beyond a plan's included ones."),
        "plans": Listing(PLAN_TIERS, about="Counts a month's units from the first one."),
    },
    name="UsageTiers",
)


async def list_plans(request: web.Request) -> web.Response:
    catalog = request.app[CATALOG]
    caps = {str(event_type): units for event_type, units in catalog.trial.caps.items()}
    trial = {"days": catalog.trial.days, "caps": caps}
    return web.json_response({"data": shown_plans(catalog), "trial": trial})


async def read_usage_tiers(request: web.Request) -> web.Response:
    name = request.match_info["event_type"]
    if name not in list(EventType):
        raise NotFoundError(f"expected an event type: {', '.join(EventType)}")
    return web.json_response(shown_tiers(request.app[CATALOG], EventType(name)))


ROUTES = (
    Route(
        "GET",
        "/billing/plans",
        list_plans,
        scope=None,
        tag="Billing",
        summary="Read the plans",
        answers=(Answer(200, "Every plan, and what a trial may use.", PLANS),),
    ),
    Route(
        "GET",
        "/billing/usage-tiers/{event_type}",
        read_usage_tiers,
        scope=None,
        tag="Billing",
        summary="Read the prices of an event type",
        answers=(Answer(200, "The graduated prices, for each plan.", TIERS),),
    ),
)
