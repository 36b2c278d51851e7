"""Write `report.html`, `report.md` and a picture for each SLO."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from slo import chart, shown
from slo.errors import SloError
from slo.report.account import Account
from slo.report.facts import facts, text
from slo.report.period import ReportPeriod
from slo.report.picture import draw


def write(folder: Path, accounts: list[Account], period: ReportPeriod) -> list[Path]:
    """The paths of what was written; the HTML page embeds its pictures and loads nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = [_entry(folder, account, period) for account in accounts]
        for name in ("report.html", "report.md"):
            (folder / name).write_text(_rendered(name, entries, period), encoding="utf-8")
    except OSError as error:
        raise SloError(f"{error.filename}: {error.strerror}; expected a folder to write to") from error
    return [folder / "report.html", folder / "report.md", *(folder / entry["picture"] for entry in entries)]


def _entry(folder: Path, account: Account, period: ReportPeriod) -> dict[str, Any]:
    figure = draw(account, period)
    name = "-".join(part for part in (account.slo.name, _slug(account.group)) if part) + ".png"
    chart.save(figure, folder / name)
    return {**facts(account, period), "name": account.name, "picture": name, "svg": chart.svg(figure)}


def _rendered(name: str, entries: list[dict[str, Any]], period: ReportPeriod) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": shown.share, "brief": shown.brief}
    known = {"period": period, "start": text(period.start), "end": text(period.measured_end)}
    return environment.get_template(f"{name}.jinja").render(entries=entries, **known)


def _slug(group: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in group)
