"""Alert policies: pairs of windows, whose burn rates follow from the share of the budget they cost."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Context, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from slo import document, yamlfile
from slo.document import Problem
from slo.errors import DocumentError, PolicyError
from slo.model import Guard, Pair, Policy, Severity, Slo, Window, plain

POLICIES = Path(__file__).parent / "policies"
NO_POLICY = "none"
"""What an SLO names as its policy that wants no alerts."""
_SIX_DIGITS = Context(prec=6)
_MANY = Decimal(10) ** 9

_GUARD = document.mapping(
    {}, {"events": document.between(Decimal(0), _MANY), "failures": document.between(Decimal(0), _MANY)}
)
_PAIR = document.mapping(
    {
        "long": document.parsed_by(Window),
        "short": document.parsed_by(Window),
        "budget_share": document.between(Decimal(0), Decimal(1), closed=True),
        "severity": document.one_of(*(str(severity) for severity in Severity)),
    },
    {"hold": document.parsed_by(Window), "guard": _GUARD},
)
_HEAD = {"policy": document.text, "source": document.text, "period": document.parsed_by(Window)}
_POLICY = document.mapping({**_HEAD, "pairs": document.sequence(_PAIR)}, {"guard": _GUARD})
_UNION = document.mapping({**_HEAD, "union": document.sequence(document.text)})


@lru_cache(maxsize=64)
def known(directory: Path = POLICIES) -> tuple[str, ...]:
    """The names of the policies that are files."""
    return tuple(sorted(path.stem for path in directory.glob("*.yaml")))


@lru_cache(maxsize=64)
def load_policy(name: str, directory: Path = POLICIES) -> Policy:
    """The policy in `<directory>/<name>.yaml`; else a PolicyError or a DocumentError."""
    if name not in known(directory):
        raise PolicyError(f"policy {name!r} is unknown; expected one of {', '.join(known(directory))}")
    path = directory / f"{name}.yaml"
    contents = yamlfile.read(path)
    if len(contents) != 1:
        raise DocumentError(f"{path}: expected one document, got {len(contents)}")
    content = contents[0].value
    united = isinstance(content, dict) and "union" in content
    problems = [*(_UNION if united else _POLICY)(content, "")]
    problems += problems or [*_inconsistent(name, content), *_ununited(name, content.get("union", ()), directory)]
    if problems:
        raise DocumentError(f"{contents[0].place(problem.path)}: {problem}" for problem in problems)
    period = Window(content["period"])
    pairs = (
        _united(content["union"], period, directory)
        if united
        else tuple(_pair(entry, content) for entry in content["pairs"])
    )
    return Policy(name=content["policy"], source=content["source"], period=period, pairs=pairs)


def policy_of(slo: Slo) -> Policy:
    """The policies of an SLO as one, for its period, with its guard; a PolicyError where it does not fit.

    Burn rates follow from budget shares and the period, so a policy written for 30 days serves 28 or 90 as well.
    """
    parts = [_named(slo, name) for name in slo.policy.split("+") if name != NO_POLICY]
    pairs = dict.fromkeys(pair for part in parts for pair in _for_period(part, slo.objective.period).pairs)
    wanted = (pair for pair in pairs if not slo.alerting.of(pair.severity).disabled)
    found = Policy(
        name=slo.policy,
        source=" ".join(part.source for part in parts),
        period=slo.objective.period,
        pairs=tuple(sorted((_guarded(pair, slo.guard) for pair in wanted), key=_order)),
        when_absent=all(part.when_absent for part in parts) if parts else False,
        targets=tuple(dict.fromkeys(target for part in parts for target in part.targets)),
    )
    require_fit(slo, found)
    return found


def burn_rate(budget_share: Decimal, period: Window, long: Window) -> Decimal:
    """How many times the even pace costs `budget_share` of the budget within `long`, to six digits."""
    return _SIX_DIGITS.divide(budget_share * period.seconds, Decimal(long.seconds)).normalize()


def budget_share(rate: Decimal, period: Window, long: Window) -> Decimal:
    """The share of the budget that is spent when a pair of this burn rate has fired, to six digits."""
    return _SIX_DIGITS.divide(rate * long.seconds, Decimal(period.seconds)).normalize()


def require_fit(slo: Slo, policy: Policy) -> None:
    """Raise a PolicyError where the policy is for another period or has a pair that can never fire."""
    place = f"slo {slo.name}, policy {policy.name}"
    if slo.objective.period.seconds != policy.period.seconds:
        raise PolicyError(f"{place}: the policy expects a period of {policy.period}, got {slo.objective.period}")
    problems = [f"{place}: {_dead(pair)}" for pair in policy.pairs if pair.threshold(slo.objective) >= 1]
    problems += [
        f"{place}: pair {pair.name} looks further back than the period of {policy.period}"
        for pair in policy.pairs
        if pair.long.seconds > policy.period.seconds
    ]
    if problems:
        raise PolicyError(problems)


def lowest_objective(pair: Pair) -> Decimal:
    """The objective at and below which not even a full outage fires the pair: 1 - 1 / burn rate."""
    return 1 - 1 / pair.burn_rate


def _dead(pair: Pair) -> str:
    limit = plain(round(lowest_objective(pair), 6))
    rate = plain(pair.burn_rate)
    return f"pair {pair.name} at burn rate {rate} can never fire; expected an objective above {limit}"


def _inconsistent(name: str, content: Any) -> list[Problem]:
    problems = []
    if content["policy"] != name:
        problems.append(Problem("policy", f"expected {name!r} as the file is named, got {content['policy']!r}"))
    seen: set[tuple[str, str]] = set()
    for index, pair in enumerate(content.get("pairs", [])):
        long, short = Window(pair["long"]), Window(pair["short"])
        if short.seconds >= long.seconds:
            problems.append(Problem(f"pairs[{index}].short", f"expected less than {long}, got {short}"))
        if long.seconds > Window(content["period"]).seconds:
            problems.append(Problem(f"pairs[{index}].long", f"expected at most {content['period']}, got {long}"))
        if (pair["long"], pair["short"]) in seen:
            problems.append(Problem(f"pairs[{index}]", f"{short}@{long} is listed already"))
        seen.add((pair["long"], pair["short"]))
    return problems


def _united(names: list[str], period: Window, directory: Path) -> tuple[Pair, ...]:
    """The pairs of these policies with the burn rates that they have over the union's own period."""
    members = (_for_period(load_policy(name, directory), period) for name in names)
    return tuple(sorted(dict.fromkeys(pair for member in members for pair in member.pairs), key=_order))


def _ununited(name: str, members: Iterable[str], directory: Path) -> Iterator[Problem]:
    """Members of a union that are no policies with pairs of their own."""
    for index, member in enumerate(members):
        place = f"union[{index}]"
        others = [one for one in known(directory) if one != name]
        if member == name:
            yield Problem(place, "expected another policy than the union itself")
        elif member not in others:
            yield Problem(place, f"policy {member!r} is unknown; expected one of {', '.join(others)}")
        elif any(
            "union" in value for value in yamlfile.values(directory / f"{member}.yaml") if isinstance(value, dict)
        ):
            yield Problem(place, f"expected a policy with pairs of its own, got the union {member!r}")


def _order(pair: Pair) -> tuple[int, int]:
    return pair.long.seconds, pair.short.seconds


def _pair(entry: Any, content: Any) -> Pair:
    period, long, share = Window(content["period"]), Window(entry["long"]), Decimal(entry["budget_share"])
    guard = entry.get("guard", content.get("guard"))
    return Pair(
        severity=Severity(entry["severity"]),
        long=long,
        short=Window(entry["short"]),
        burn_rate=burn_rate(share, period, long),
        budget_share=share,
        hold=Window(entry["hold"]) if "hold" in entry else None,
        guard=None if guard is None else Guard(int(guard.get("events", 0)), int(guard.get("failures", 0))),
    )


def _named(slo: Slo, name: str) -> Policy:
    return next((one for one in slo.own if one.name == name), None) or load_policy(name)


def _for_period(policy: Policy, period: Window) -> Policy:
    """The policy for another period: a long window of the whole period becomes that period."""
    if policy.period.seconds == period.seconds:
        return policy
    pairs = []
    for pair in policy.pairs:
        long = period if pair.long.seconds == policy.period.seconds else pair.long
        pairs.append(replace(pair, long=long, burn_rate=burn_rate(pair.budget_share, period, long)))
    return replace(policy, period=period, pairs=tuple(pairs))


def _guarded(pair: Pair, guard: Guard | None) -> Pair:
    return pair if guard is None else replace(pair, guard=guard)
