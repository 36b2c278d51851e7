"""The lifecycle as a page for people: a diagram and the tables, in Markdown."""

from collections.abc import Iterator

from service.domain.lifecycle import FILE, Lifecycle
from service.domain.lifecycle_terms import Permission, Rule, SubscriptionStatus

_HEAD = f"""\
# A tenant's life

Made from `service/domain/{FILE}`, the data that the service runs on, by `billing lifecycle-docs`.

A tenant's standing is never set by hand. Whenever Stripe reports something, and whenever time alone may have changed
the answer, the worker looks at the current state at Stripe and derives the standing by the rules below. So webhooks may
come twice, late or in any order.
"""


def page(lifecycle: Lifecycle) -> str:
    """The whole page, with a line feed at its end."""
    sections = (_HEAD, _diagram(lifecycle), _standings(lifecycle), _rules(lifecycle), _transitions(lifecycle))
    return "\n".join(sections)


def _diagram(lifecycle: Lifecycle) -> str:
    steps = [f"    {step.before} --> {step.after}" for step in lifecycle.transitions]
    ends = [
        f"    {name} --> [*]"
        for name, position in lifecycle.positions.items()
        if lifecycle.is_final(position.status, position.dunning)
    ]
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> trial", *steps, *ends, "```", ""]
    return "\n".join(lines)


def _standings(lifecycle: Lifecycle) -> str:
    rows = (
        (
            name,
            each.status,
            each.dunning,
            *("yes" if right in each.permits else "no" for right in Permission),
            each.about,
        )
        for name, each in lifecycle.positions.items()
    )
    permissions = (right.replace("_", " ") for right in Permission)
    return _table("Standings", ("standing", "status", "dunning", *permissions, "meaning"), rows)


def _rules(lifecycle: Lifecycle) -> str:
    rows = (
        (str(number), _subscriptions(rule), _overdue(rule), rule.position)
        for number, rule in enumerate(lifecycle.rules, start=1)
    )
    return _table("Rules, the first that holds decides", ("", "subscription", "overdue", "standing"), rows)


def _transitions(lifecycle: Lifecycle) -> str:
    rows = ((step.before, step.after, step.because) for step in lifecycle.transitions)
    return _table("Transitions, all others are refused", ("from", "to", "because"), rows)


def _subscriptions(rule: Rule) -> str:
    every = len(rule.subscription) == len(SubscriptionStatus)
    return "any" if every else ", ".join(each for each in SubscriptionStatus if each in rule.subscription)


def _overdue(rule: Rule) -> str:
    if rule.overdue_days is None:
        return ""
    return f"for {rule.overdue_days} days or more" if rule.overdue_days else "at all"


def _table(title: str, head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join([f"## {title}", "", *(f"| {' | '.join(cells)} |" for cells in lines), ""])
