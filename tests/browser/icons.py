"""The icons of an installed Asocial, and the picture that a link to it shows, into web/public: `make icons`.

The icons are web/public/icon.svg at other sizes. Where a system cuts its own shape out of an icon (maskable, Apple's)
the ground fills the square and the drawing keeps to the inner part. The picture is the start page as it is.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from .conftest import CHROMIUM_FLAGS, Server, chromium

MASKED_SHARE = 0.8
PREVIEW = (1200, 630)
IN_THE_MIDDLE_OF_IT_MS = 8_200


async def draw(folder: Path) -> None:
    svg = (folder / "icon.svg").read_text()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for size in (192, 512):
            await _icon(browser, svg, size, folder / f"icon-{size}.png")
            await _icon(browser, _full(svg), size, folder / f"icon-maskable-{size}.png")
        await _icon(browser, _full(svg), 180, folder / "apple-touch-icon.png")
        await _preview(browser, folder / "preview.png")
        await browser.close()


def _full(svg: str) -> str:
    """The ground to the corners, the drawing smaller around the middle."""
    opening, ground, drawing = re.fullmatch(r"(<svg.*?>)\s*(<rect.*?/>)(.*)</svg>\s*", svg, re.DOTALL).groups()  # type: ignore[union-attr]
    ground = re.sub(r' rx="\d+"', "", ground)
    smaller = f"translate(16 16) scale({MASKED_SHARE}) translate(-16 -16)"
    return f'{opening}{ground}<g transform="{smaller}">{drawing}</g></svg>'


async def _icon(browser: Browser, svg: str, size: int, path: Path) -> None:
    page = await browser.new_page(viewport={"width": size, "height": size})
    await page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: 100vw }}</style>{svg}")
    await page.screenshot(path=path, omit_background=True)
    await page.close()


async def _preview(browser: Browser, path: Path) -> None:
    server = Server()
    await server.start()
    width, height = PREVIEW
    page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    await page.goto(server.url("/"))
    await page.get_by_test_id("start").wait_for()
    await page.wait_for_timeout(IN_THE_MIDDLE_OF_IT_MS)
    await page.screenshot(path=path)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
