"""The page in a real Chromium: how much is loaded, how soon one can type, and how soon somebody else sees it.

    python -m benchmarks.page [--loads 5] [--keys 20] [--seconds 6]

- load: bytes over the wire of one visit (Resource Timing's transfer sizes), by kind;
- first keystroke: from the navigation's start to the frame in which the first letter typed is drawn; it is typed as
  soon as the plane is there, and again until a letter shows;
- keystroke to the other's paint: from a keydown in one page to the frame after the draft changed in another's;
- frames: see page_frames.py, with 300 messages and 200 cursors, at zoom 1 and 0.3.

Headless, drawing in software, so the times are those of a machine without a graphics card.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from benchmarks.machine import facts, save
from benchmarks.page_frames import measure
from benchmarks.servers import ASOCIAL, running
from tests.browser.conftest import CHROMIUM_FLAGS, chromium

VIEW: Any = {"width": 1440, "height": 900}

_TRANSFERS = """
() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map((each) => ({ name: new URL(each.name).pathname, bytes: each.transferSize }))
"""
# Installed before the page's own code: the moment after the frame in which a text first shows in `selector`.
_NOTICE = """
() => {
  const now = () => performance.timeOrigin + performance.now()
  window.painted = {}
  const look = () => {
    for (const each of document.querySelectorAll('[data-testid="caret"], [data-testid="draft"] .words')) {
      const text = (each.value ?? each.textContent).trim()
      if (text && !(text in window.painted)) {
        window.painted[text] = null
        requestAnimationFrame(() => setTimeout(() => { window.painted[text] = now() }))
      }
    }
  }
  const all = { subtree: true, childList: true, characterData: true, attributes: true }
  new MutationObserver(look).observe(document, all)
  document.addEventListener('input', look, true)
  window.pressed = []
  document.addEventListener('keydown', () => window.pressed.push(now()), true)
}
"""


async def _visit(browser: Browser, url: str) -> Page:
    context = await browser.new_context(viewport=VIEW)
    page = await context.new_page()
    await page.add_init_script(f"({_NOTICE.strip()})()")
    await page.goto(url, wait_until="commit")
    return page


async def first_keystroke_ms(browser: Browser, url: str) -> float:
    page = await _visit(browser, url)
    await page.wait_for_selector('[data-testid="plane"]', state="attached")
    while True:
        await page.mouse.click(700, 400)
        await page.keyboard.press("h")
        try:
            await page.wait_for_function("() => Object.values(window.painted).some(Boolean)", timeout=500)
            break
        except PlaywrightTimeout:
            continue  # not ready yet, which is what is measured
    took: float = await page.evaluate("() => Math.min(...Object.values(window.painted)) - performance.timeOrigin")
    await page.context.close()
    return took


async def transfers(browser: Browser, url: str) -> dict[str, int]:
    page = await _visit(browser, url)
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    await page.wait_for_load_state("networkidle")
    sizes: dict[str, int] = {}
    for each in await page.evaluate(_TRANSFERS):
        kind = each["name"].rpartition(".")[2] if "." in each["name"] else "html"
        sizes[kind] = sizes.get(kind, 0) + each["bytes"]
    await page.context.close()
    return {**sizes, "total": sum(sizes.values())}


async def to_the_other_ms(browser: Browser, url: str, keys: int) -> list[float]:
    """For each key: from its keydown here to the frame in which another page shows it."""
    here, there = await _visit(browser, url), await _visit(browser, url)
    for page in (here, there):
        await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    await here.mouse.click(700, 400)
    took = []
    text = ""
    for number in range(keys):
        text += chr(ord("a") + number % 26)
        await here.keyboard.press(text[-1])
        await there.wait_for_function("(text) => window.painted[text]", arg=text, timeout=5000)
        pressed = await here.evaluate("() => window.pressed.at(-1)")
        took.append(await there.evaluate("(text) => window.painted[text]", text) - pressed)
        await asyncio.sleep(0.12)
    for page in (here, there):
        await page.context.close()
    return took


def _middle(values: list[float]) -> float:
    return round(sorted(values)[len(values) // 2], 1)


async def everything(loads: int, keys: int, seconds: float) -> dict[str, Any]:
    machine = facts()
    with running(ASOCIAL) as server:
        url = f"http://{server.address}/c/garden"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
            version = browser.version
            await first_keystroke_ms(browser, url)  # the server's and the disk's caches
            loaded = await transfers(browser, url)
            first = [await first_keystroke_ms(browser, url) for _ in range(loads)]
            other = sorted(await to_the_other_ms(browser, url, keys))
            await browser.close()
    frames = [await measure(zoom, seconds) for zoom in (1.0, 0.3)]
    return {
        "benchmark": "page",
        "machine": machine | {"chromium": version},
        "rows": [
            {
                "loaded_bytes": loaded,
                "first_keystroke_ms": {"median": _middle(first), "all": [round(each, 1) for each in first]},
                "to_the_other_ms": {
                    "median": _middle(other),
                    "p95": round(other[int(len(other) * 0.95)], 1),
                    "keys": len(other),
                },
                "frames": frames,
            }
        ],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=9)
    parser.add_argument("--keys", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=6.0, help="of panning")
    parser.add_argument("--name", default="page", help="of the result file")
    given = parser.parse_args()
    result = asyncio.run(everything(given.loads, given.keys, given.seconds))
    print(result["rows"][0])
    print(f"written to {save(given.name, result)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
