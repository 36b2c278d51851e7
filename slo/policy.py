"""Alert policies: pairs of windows, whose burn rates follow from the share of the budget they cost."""

from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from slo import document
from slo.errors import DocumentError, PolicyError
from slo.model import Pair, Policy, Severity, Slo, Window, plain

POLICIES = Path(__file__).parent / "policies"
_SIX_DIGITS = Context(prec=6)

_PAIR = document.mapping(
    {
        "long": document.parsed_by(Window),
        "short": document.parsed_by(Window),
        "budget_share": document.between(Decimal(0), Decimal(1), closed=True),
        "severity": document.one_of(*(str(severity) for severity in Severity)),
    }
)
_POLICY = document.mapping(
    {
        "policy": document.text,
        "source": document.text,
        "period": document.parsed_by(Window),
        "pairs": document.sequence(_PAIR),
    }
)


def load_policy(name: str, directory: Path = POLICIES) -> Policy:
    """The policy in `<directory>/<name>.yaml`; else a PolicyError or a DocumentError."""
    known = sorted(path.stem for path in directory.glob("*.yaml"))
    if name not in known:
        raise PolicyError(f"policy {name!r} is unknown; expected one of {', '.join(known)}")
    path = directory / f"{name}.yaml"
    documents = document.read_documents(path)
    problems = [f"expected one document, got {len(documents)}"] if len(documents) != 1 else []
    problems += problems or [*_POLICY(documents[0], "")]
    problems += problems or _inconsistent(name, documents[0])
    if problems:
        raise DocumentError(f"{path}: {problem}" for problem in problems)
    return _policy(documents[0])


def burn_rate(budget_share: Decimal, period: Window, long: Window) -> Decimal:
    """How many times the even pace costs `budget_share` of the budget within `long`, to six digits."""
    return _SIX_DIGITS.divide(budget_share * period.seconds, Decimal(long.seconds)).normalize()


def require_fit(slo: Slo, policy: Policy) -> None:
    """Raise a PolicyError where the policy is for another period or has a pair that can never fire."""
    place = f"slo {slo.name}, policy {policy.name}"
    if slo.objective.period.seconds != policy.period.seconds:
        raise PolicyError(f"{place}: the policy expects a period of {policy.period}, got {slo.objective.period}")
    problems = [f"{place}: {_dead(pair)}" for pair in policy.pairs if pair.threshold(slo.objective) >= 1]
    if problems:
        raise PolicyError(problems)


def lowest_objective(pair: Pair) -> Decimal:
    """The objective at and below which not even a full outage fires the pair: 1 - 1 / burn rate."""
    return 1 - 1 / pair.burn_rate


def _dead(pair: Pair) -> str:
    limit = plain(round(lowest_objective(pair), 6))
    rate = plain(pair.burn_rate)
    return f"pair {pair.name} at burn rate {rate} can never fire; expected an objective above {limit}"


def _inconsistent(name: str, content: Any) -> list[str]:
    problems = []
    if content["policy"] != name:
        problems.append(f"policy: expected {name!r} as the file is named, got {content['policy']!r}")
    seen: set[tuple[str, str]] = set()
    for index, pair in enumerate(content["pairs"]):
        long, short = Window(pair["long"]), Window(pair["short"])
        if short.seconds >= long.seconds:
            problems.append(f"pairs[{index}].short: expected less than {long}, got {short}")
        if long.seconds > Window(content["period"]).seconds:
            problems.append(f"pairs[{index}].long: expected at most {content['period']}, got {long}")
        if (pair["long"], pair["short"]) in seen:
            problems.append(f"pairs[{index}]: {short}@{long} is listed already")
        seen.add((pair["long"], pair["short"]))
    return problems


def _policy(content: Any) -> Policy:
    period = Window(content["period"])
    pairs = tuple(_pair(entry, period) for entry in content["pairs"])
    return Policy(name=content["policy"], source=content["source"], period=period, pairs=pairs)


def _pair(entry: Any, period: Window) -> Pair:
    long, share = Window(entry["long"]), Decimal(entry["budget_share"])
    return Pair(
        severity=Severity(entry["severity"]),
        long=long,
        short=Window(entry["short"]),
        burn_rate=burn_rate(share, period, long),
        budget_share=share,
    )
