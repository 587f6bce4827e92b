"""The moving picture of README.md: two people talk on the real page. `make screenshots` makes it.

Chromium sends each frame that it draws (the DevTools protocol's screencast), with its time. Pillow joins the frames
into one animated WebP file that repeats.
"""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from .conftest import CHROMIUM_FLAGS, Server, chromium

WIDTH, HEIGHT = 880, 480
FRAMES_PER_SECOND = 15
KEY_DELAY_MS = 75
QUALITY = 80
MAX_BYTES = 1_500_000


async def record(path: Path) -> None:
    """Write the picture to `path`. Raises ValueError if it is larger than MAX_BYTES."""
    server = Server()
    await server.start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        ann = await _open(browser, server.url("/c/garden"))
        ben = await _open(browser, server.url("/c/garden"))
        frames = await _screencast(ann, ben)
        await browser.close()
    await server.stop()
    _save(path, frames)


async def _open(browser: Browser, url: str) -> Page:
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en")
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    return page


async def _screencast(ann: Page, ben: Page) -> list[tuple[float, bytes]]:
    """What Ann sees while both talk: (seconds, PNG) of each frame."""
    frames: list[tuple[float, bytes]] = []
    devtools = await ann.context.new_cdp_session(ann)
    acknowledged: set[asyncio.Task[Any]] = set()

    def on_frame(event: dict[str, Any]) -> None:
        frames.append((event["metadata"]["timestamp"], base64.b64decode(event["data"])))
        task = asyncio.ensure_future(devtools.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]}))
        acknowledged.add(task)
        task.add_done_callback(acknowledged.discard)

    await asyncio.sleep(4)  # until the page no longer says that somebody came
    devtools.on("Page.screencastFrame", on_frame)
    await devtools.send("Page.startScreencast", {"format": "png"})
    await _talk(ann, ben)
    await devtools.send("Page.stopScreencast")
    await asyncio.gather(*acknowledged)
    return frames


async def _talk(ann: Page, ben: Page) -> None:
    await ben.mouse.move(700, 400)
    await ben.mouse.move(250, 150, steps=20)
    await _write(ben, 250, 150, "is anyone else watching the rain?")
    await ben.mouse.move(430, 300, steps=15)
    await _write(ann, 390, 215, "yes, from the third floor")
    await asyncio.sleep(0.4)
    await _write(ben, 300, 290, "come down, there is tea")
    await ben.mouse.move(520, 380, steps=15)
    await ann.keyboard.press("Escape")
    await ann.mouse.move(420, 330, steps=10)
    await ann.keyboard.press("Control+Shift+Digit1")
    await asyncio.sleep(0.8)
    await ben.keyboard.press("Escape")
    await asyncio.sleep(6.5)  # until the last message is gone


async def _write(page: Page, x: float, y: float, text: str) -> None:
    await page.mouse.click(x, y)
    await page.keyboard.type(text, delay=KEY_DELAY_MS)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")


def _save(path: Path, frames: list[tuple[float, bytes]]) -> None:
    images, durations = _even(frames)
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=0, quality=QUALITY, method=6)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise ValueError(f"{path} has {size} bytes; the limit is {MAX_BYTES}")


def _even(frames: list[tuple[float, bytes]]) -> tuple[list[Image.Image], list[int]]:
    """At most FRAMES_PER_SECOND of them, and how many milliseconds each is shown."""
    kept: list[tuple[float, bytes]] = []
    for at, png in frames:
        if not kept or at - kept[-1][0] >= 1 / FRAMES_PER_SECOND:
            kept.append((at, png))
    images = [Image.open(io.BytesIO(png)).convert("RGB") for _, png in kept]
    times = [at for at, _ in kept]
    durations = [round(1000 * (end - begin)) for begin, end in itertools.pairwise(times)]
    return images, [*durations, 1000]
