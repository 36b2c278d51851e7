"""How the lifecycle's file is read and judged: every problem at once, each with its path."""

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType

from service.domain.lifecycle_terms import Permission, Position, Rule, SubscriptionStatus, Transition
from service.domain.strict_document import Section
from service.domain.tenant import Dunning, TenantStatus

POSITIONS = ("trial", "active", "late", "grace", "suspended", "canceled")
_MOST_DAYS = 365

Parts = tuple[Mapping[str, Position], tuple[Rule, ...], tuple[Transition, ...]]


def parts(root: Section) -> Parts:
    """Positions, rules in order, and transitions, which must cover everything that the rules can yield."""
    positions = root.within("standings", _positions)
    rules = root.each("rules", _rule)
    transitions = tuple(step for steps in root.each("transitions", _transitions) for step in steps)
    for problem in (*_gaps(rules), *_missing(rules, transitions)):
        root.reject(*problem)
    return positions, rules, transitions


def _positions(section: Section) -> Mapping[str, Position]:
    found = {name: section.within(name, partial(_position, name)) for name in POSITIONS}
    pairs = [(each.status, each.dunning) for each in found.values()]
    for index, name in enumerate(found):
        if pairs[index] in pairs[:index]:
            section.reject(name, "expected a status and a dunning level that no other standing has together")
    lacking = sorted(set(TenantStatus) - {status for status, _ in pairs})
    if lacking:
        section.reject(lacking[0], "expected a standing with this status, there is none")
    return MappingProxyType(found)


def _position(name: str, section: Section) -> Position:
    return Position(
        name=name,
        status=TenantStatus(section.choice("status", TenantStatus) or TenantStatus.CANCELED),
        dunning=Dunning(section.choice("dunning", Dunning) or Dunning.CURRENT),
        about=section.text("about"),
        permits=frozenset(Permission(each) for each in section.choices("permits", Permission)),
    )


def _rule(section: Section) -> Rule:
    subscription = section.choices("subscription", SubscriptionStatus) if section.has("subscription") else None
    return Rule(
        subscription=frozenset(SubscriptionStatus if subscription is None else map(SubscriptionStatus, subscription)),
        overdue_days=section.whole("overdue_days", 0, _MOST_DAYS) if section.has("overdue_days") else None,
        position=section.choice("standing", POSITIONS),
    )


def _transitions(section: Section) -> tuple[Transition, ...]:
    after, because = section.choice("to", POSITIONS), section.text("because")
    return tuple(Transition(before, after, because) for before in section.choices("from", POSITIONS))


def _gaps(rules: tuple[Rule, ...]) -> Iterator[tuple[str, str]]:
    """Statuses that no rule decides while nothing is overdue, and waits that are written in the wrong order."""
    timeless = [rule.subscription for rule in rules if rule.overdue_days is None]
    undecided = sorted(set(SubscriptionStatus).difference(*timeless))
    if undecided:
        yield (
            "rules",
            f"expected a rule for every subscription without overdue_days, none decides {', '.join(undecided)}",
        )
    waits = [rule.overdue_days for rule in rules if rule.overdue_days is not None]
    if waits != sorted(waits, reverse=True):
        yield "rules", f"expected the longest overdue_days first, got {waits}"


def _missing(rules: tuple[Rule, ...], transitions: tuple[Transition, ...]) -> Iterator[tuple[str, str]]:
    """Changes that the rules can make and the table lacks; a position that nothing leaves is final."""
    listed = [(each.before, each.after) for each in transitions]
    repeated = sorted({f"{before} to {after}" for before, after in listed if listed.count((before, after)) > 1})
    if repeated:
        yield "transitions", f"expected each once, got again: {', '.join(repeated)}"
    leaving = {before for before, _ in listed}
    reached = dict.fromkeys(rule.position for rule in rules if rule.position)
    for before in (each for each in reached if each in leaving):
        for after in (each for each in reached if each != before and (before, each) not in listed):
            yield "transitions", f"expected {before} to {after}, which the rules can yield; it is missing"
