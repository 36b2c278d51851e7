"""The page of `slo report` as a browser shows it."""

from dataclasses import replace
from pathlib import Path

from slo.report.account import Account, Alert, Hour
from slo.report.period import ReportPeriod
from slo.report.write import write
from slo.spec import SPECS, load_specs

HOUR, DAY = 3_600, 86_400


def account(name: str, outage: range, hours: int) -> Account:
    (committed,) = load_specs([SPECS / "api-availability.yaml"])
    slo = replace(committed, name=name, title=name.capitalize())
    counted = (Hour(hour * HOUR, 360_000, 36_000 if hour in outage else 20) for hour in range(1, hours + 1))
    alert = Alert("CheckoutErrorBudgetBurn", "page", "5m@1h", (outage.start - 1) * HOUR + 520, outage.stop * HOUR)
    return Account(slo, "", tuple(counted), (alert,) if outage else (), 720)


async def test_the_report_is_shown(tmp_path, browser_page, save_screenshot):
    period = ReportPeriod("1970-01", 0, 30 * DAY, 30 * DAY)
    found = [
        account("checkout", range(200, 209), 720),
        account("search", range(400, 401), 720),
        account("upload", range(0), 300),
        account("archive", range(0), 0),
    ]
    page = write(Path(tmp_path), found, period)[0]
    await browser_page.goto(page.as_uri())
    assert await browser_page.locator("svg").count() == 4
    verdicts = await browser_page.locator("h2 .verdict").all_inner_texts()
    assert verdicts == ["missed", "kept", "kept", "not measured"]
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await browser_page.evaluate(wider)
    await save_screenshot("slo-report")
    await browser_page.set_viewport_size({"width": 390, "height": 800})
    assert not await browser_page.evaluate(wider)
