"""What an audit has found, as a table or as JSON."""

import json

from service.audit.figures import Figures, Place
from service.audit.findings import Findings

MOST_ROWS = 50
_COLUMNS = ("acknowledged", "ledger", "archive", "billed", "sealed", "sent", "stripe")
_WIDTH = 13


def render_json(findings: Findings) -> str:
    counts = {
        **_counts(findings),
        "entries": findings.entries,
        "units": {**findings.units, "stripe": findings.stripe},
        "mismatched_counters": [" ".join(name) for name in findings.counter_mismatches],
        "differences": [_row(place, figures) for place, figures in findings.differences.items()],
    }
    return json.dumps(counts)


def render_table(findings: Findings) -> str:
    """Counts, what is on its way, and at most MOST_ROWS of what differs."""
    lines = [f"{name:<20}{count:>12}" for name, count in _counts(findings).items()]
    lines += [f"{name:<20}{units:>12} units" for name, units in findings.units.items()]
    if findings.stripe is not None:
        lines.append(f"{'stripe':<20}{findings.stripe:>12} units")
    if findings.differences:
        lines += ["", _line("tenant", "type", "hour", _COLUMNS, "differs")]
        shown = list(findings.differences.items())[:MOST_ROWS]
        lines += [_figures_line(place, figures) for place, figures in shown]
        lines += _rest(len(findings.differences))
    lines += [f"counter differs: {' '.join(name)}" for name in findings.counter_mismatches[:MOST_ROWS]]
    return "\n".join(lines + _rest(len(findings.counter_mismatches)))


def _counts(findings: Findings) -> dict[str, int]:
    return {
        "acknowledged": findings.acknowledged,
        "lost": findings.lost,
        "doubled": findings.doubled,
        "unacknowledged": findings.unacknowledged,
        "counter_mismatches": len(findings.counter_mismatches),
    }


def _row(place: Place, figures: Figures) -> dict[str, object]:
    tenant_id, event_type, hour = place
    columns = {name: getattr(figures, name) for name in _COLUMNS}
    open_units = {name: getattr(figures, name) for name in ("unsealed", "waiting", "dropped", "lost", "doubled")}
    named = {"tenant_id": tenant_id, "event_type": event_type, "hour": hour, "differs": list(figures.differences())}
    return named | columns | open_units


def _figures_line(place: Place, figures: Figures) -> str:
    units = [getattr(figures, name) for name in _COLUMNS]
    shown = tuple("-" if each is None else str(each) for each in units)
    return _line(*place, shown, ", ".join(figures.differences()))


def _line(tenant: str, event_type: str, hour: str, cells: tuple[str, ...], differs: str) -> str:
    return f"{tenant:<33}{event_type:<20}{hour:<14}{''.join(f'{cell:>{_WIDTH}}' for cell in cells)}  {differs}"


def _rest(found: int) -> list[str]:
    return [f"... and {found - MOST_ROWS} more"] if found > MOST_ROWS else []
