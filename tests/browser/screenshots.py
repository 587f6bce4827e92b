"""Pictures of the real page, for README.md and for review: `make screenshots` (ARGS=--all for every scene).

Five people talk on a real server, at desktop, tablet and phone size, in light and dark. The scenes: `empty` (nobody
else is there), `talk` (a conversation), and with --all `leaving` (messages fade), `people` (the list of people),
`lost` (no network, a message is pending). The moving picture of two people is moving_picture.py.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from .conftest import CHROMIUM_FLAGS, Server, chromium
from .moving_picture import record

SIZES = {"": (1440, 900), "tablet-": (820, 1180), "phone-": (375, 667)}
TALK = (
    (-90, -160, "is anyone else watching the rain?"),
    (20, -40, "yes — from the third floor"),
    (-150, 60, "the cat has opinions about it"),
    (30, 150, "שלום, גם אני כאן"),
)
KEPT = ("empty", "talk")
ALL = (*KEPT, "leaving", "people", "lost")
DRAFT = "it is getting dar"


async def take(folder: Path, wanted: tuple[str, ...]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                # A server for each scene: nobody of the one before is still in the picture.
                server = Server(rate_limit_per_minute=0)
                await server.start()
                await _scene(browser, server, folder, f"{size}{{}}-{scheme}.png", scheme, width, height, wanted)
                await server.stop()
        await browser.close()


async def _scene(
    browser: Browser,
    server: Server,
    folder: Path,
    name: str,
    scheme: str,
    width: int,
    height: int,
    wanted: tuple[str, ...],
) -> None:
    touch = width < 1000
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=touch,
        is_mobile=touch,
        device_scale_factor=2 if width < 500 else 1,
    )
    page = await context.new_page()
    url = server.url("/c/garden")

    async def shot(what: str) -> None:
        if what in wanted:
            await page.screenshot(path=folder / name.format(what))

    await page.goto(url)
    await page.wait_for_timeout(1500)
    await shot("empty")
    others = [await _visitor(browser, url, width, height) for _ in TALK]
    for other, (x, y, text) in zip(others, TALK, strict=True):
        at = (width / 2 + x, height / 2 + y)
        await other.mouse.click(*at)
        await other.keyboard.type(text)
        await other.keyboard.press("Enter")
        await other.mouse.move(at[0] + 40, at[1] + 60)
    x, y, _ = TALK[1]
    await others[1].mouse.click(width / 2 + x - 20, height / 2 + y + 50)
    await others[1].keyboard.type(DRAFT)
    if not touch:
        await page.mouse.click(width / 2 - 380, height / 2 + 220)
        await page.keyboard.type("hello from over here")
    await page.wait_for_timeout(350)
    await shot("talk")
    await page.wait_for_timeout(2500)
    await shot("leaving")
    await page.keyboard.press("Escape")
    await page.get_by_test_id("people").click()
    await page.wait_for_timeout(400)
    await shot("people")
    await page.get_by_test_id("people").click()
    for other in others:
        await other.context.close()
    await context.set_offline(True)
    await page.mouse.click(width / 2 - 100, height / 2)
    await page.keyboard.type("can you hear me?")
    await page.keyboard.press("Enter")
    await page.locator('[data-testid="connection"]:not([data-state="live"])').wait_for(timeout=30_000)
    await page.wait_for_timeout(400)
    await shot("lost")
    await context.close()


async def _visitor(browser: Browser, url: str, width: int, height: int) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    return page


if __name__ == "__main__":
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(pictures, ALL if "--all" in sys.argv else KEPT))
    asyncio.run(record(pictures / "talking.webp"))
