"""The preview in Chromium: it loads nothing, nothing sticks out, and every panel is there to be read."""

from playwright.async_api import Page, Request

from dashboards_as_code.preview.answers import Answers
from dashboards_as_code.preview.page import draw, html
from tests.dashboards_as_code.preview.recorded import SPAN, panel, serving

KINDS = {
    **{"timeseries": "rate", "heatmap": "buckets", "state-timeline": "state", "stat": "left"},
    **{"gauge": "left", "bargauge": "left", "table": "drift"},
}

# Drawings whose parts reach out of their panel, and texts of an axis that run over each other.
FAULTS = """() => {
  const box = (one) => one.getBoundingClientRect();
  const beside = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1;
  const apart = (a, b) => beside(a, b) || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
  const found = [];
  for (const panel of document.querySelectorAll("article")) {
    const frame = box(panel);
    for (const part of panel.querySelectorAll("text, rect, td, b, i"))
      if (box(part).left < frame.left - 1 || box(part).right > frame.right + 1) found.push(panel.innerText);
    const texts = [...panel.querySelectorAll("svg text")].map(box);
    const clashes = texts.filter((a, i) => texts.slice(i + 1).some((b) => !apart(a, b)));
    if (clashes.length) found.push("axis: " + panel.innerText);
  }
  return found;
}"""


async def test_every_panel_is_readable_and_nothing_is_loaded(browser_page: Page) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    browser_page.on("request", note)
    panels = [panel(kind, expr, "percentunit", "series") for kind, expr in KINDS.items()]
    for place, one in enumerate(panels):
        one["gridPos"] = {"x": 8 * (place % 3), "y": 8 * (place // 3), "w": 8, "h": 8}
    with serving() as url:
        board = draw({"uid": "all", "title": "All", "panels": panels}, Answers(url, SPAN))

    await browser_page.set_content(html([board], SPAN))

    assert await browser_page.locator("article").count() == len(KINDS)
    for kind in KINDS:
        await browser_page.get_by_role("heading", name=f"A {kind}", exact=True).wait_for()
    assert await browser_page.evaluate(FAULTS) == []
    assert asked == []
