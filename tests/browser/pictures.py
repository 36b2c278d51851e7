"""`make board-pictures`: the pages that `make mutation` wrote, as small pictures for the documentation."""

import argparse
import asyncio
import io
import os
import sys
from pathlib import Path

from PIL import Image, ImageColor
from playwright.async_api import async_playwright

from chaos.lab.programs import PROJECT, find
from dashboards_as_code.preview.colours import CLASSIC, NAMED, heat

PAGES = PROJECT / "var" / "mutation" / "pages"
PICTURES = PROJECT / "docs" / "images" / "boards"
_GROUND, _BRIGHT = (24, 27, 31), (216, 217, 218)
_GREYS, _HEATS, _BLENDS = 14, 16, (1.0, 0.6, 0.3)
_SCALE = 0.6
"""Of the page's 1576 pixels: the smallest at which its smallest texts are readable."""


async def take(pages: list[Path], pictures: Path) -> int:
    """Write each page's board as a PNG; returns the bytes of all."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(find("node"))
    total = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1576, "height": 900})
        for path in pages:
            await page.goto(path.as_uri())
            total += _keep(await page.locator("section").screenshot(), pictures / f"{path.stem}.png")
        await browser.close()
    return total


def _keep(png: bytes, path: Path) -> int:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    size = (round(picture.width * _SCALE), round(picture.height * _SCALE))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    small.quantize(palette=_palette(), dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def _palette() -> Image.Image:
    """The colours that the page uses, each also as its edges blend it with the ground."""
    greys = [_mixed(_BRIGHT, place / (_GREYS - 1)) for place in range(_GREYS)]
    own = [ImageColor.getrgb(one)[:3] for one in (*NAMED.values(), *CLASSIC, "#6e9fff", "#b877d9")]
    blended = [_mixed(colour, share) for colour in own for share in _BLENDS]
    heats = [ImageColor.getrgb(heat(place / (_HEATS - 1)))[:3] for place in range(_HEATS)]
    chosen = list(dict.fromkeys([(17, 18, 23), *greys, *blended, *heats]))
    holder = Image.new("P", (1, 1))
    holder.putpalette([part for colour in chosen for part in colour])
    return holder


def _mixed(colour: tuple[int, ...], share: float) -> tuple[int, ...]:
    pairs = zip(_GROUND, colour, strict=True)
    return tuple(round(low + (high - low) * share) for low, high in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(prog="board-pictures", description="Pictures of the boards.")
    parser.add_argument("--pages", type=Path, default=PAGES, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=PICTURES, metavar="DIR", help="default: %(default)s")
    arguments = parser.parse_args()
    pages = sorted(arguments.pages.glob("*.html"))
    if not pages:
        print(f"board-pictures: {arguments.pages}: no pages; expected what `make mutation` writes", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    total = asyncio.run(take(pages, arguments.out))
    print(f"pictures={len(pages)} bytes={total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
