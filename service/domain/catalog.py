"""The catalogue: what is sold, at which price and within which limits. All prices in micro-cents."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from service.domain import catalog_sections
from service.domain.catalog_terms import CostModel, EventTerms, PlanTerms, Trial
from service.domain.pricing import Tiers, overage_tiers
from service.domain.strict_document import Section, read_document
from service.domain.tenant import Plan
from service.domain.usage import EventType

FILE = "catalog.yaml"
LOOKUP_PREFIX = "c2pa"


class CatalogError(ValueError):
    """The catalogue is malformed; `problems` are all of them, each with its path and what was expected."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{FILE}: {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Catalog:
    """`cap_ladder_percent` are the announced steps of the daily cost cap, rising, the last one 100."""

    currency: str
    events: Mapping[EventType, EventTerms]
    plans: Mapping[Plan, PlanTerms]
    trial: Trial
    cap_ladder_percent: tuple[int, ...]
    cost_model: CostModel

    def tiers(self, plan: Plan, event_type: EventType) -> Tiers:
        """What a month's units cost under a plan, from the first unit on: the included ones, then the overage."""
        return overage_tiers(self.plans[plan].included[event_type], self.events[event_type].overage)


@cache
def load_catalog() -> Catalog:
    """Read the catalogue that ships with the package; raises CatalogError."""
    return parse_catalog(files("service").joinpath(FILE).read_text("utf-8"))


def parse_catalog(text: str) -> Catalog:
    """Read a catalogue from YAML; raises CatalogError with every problem."""
    catalog, problems = read_document(text, _catalog)
    if problems or catalog is None:
        raise CatalogError(problems)
    return catalog


def licensed_lookup_key(plan: Plan) -> str:
    """The name under which Stripe knows a plan's monthly fee."""
    return f"{LOOKUP_PREFIX}_{plan}"


def metered_lookup_key(plan: Plan, event_type: EventType) -> str:
    """The name under which Stripe knows a plan's price of an event type."""
    return f"{LOOKUP_PREFIX}_{plan}_{event_type}"


def _catalog(root: Section) -> Catalog:
    return Catalog(
        currency=root.choice("currency", ("usd",)),
        events=root.within("event_types", catalog_sections.events),
        plans=root.within("plans", catalog_sections.plans),
        trial=root.within("trial", catalog_sections.trial),
        cap_ladder_percent=catalog_sections.cap_ladder(root),
        cost_model=root.within("cost_model", catalog_sections.cost_model),
    )
