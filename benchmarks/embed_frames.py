"""What the embed script costs the page that loads it, on the article of examples/embed, in Chromium.

The same page is measured with the tag and without it, in turns; the difference counts. Each figure is the processor
time of the page's main thread, for each frame at 60 Hz, in milliseconds:

- `alone`: nobody else is here. Nothing of the script runs but a look at the address once a second.
- `quiet`: another visitor is here, and does nothing.
- `hidden`: nobody sees the page. (The browser is only told so: a real one would also draw no frames.)
- `read`: five messages are shown, and nothing moves.
- `busy`: five visitors point all the time, and five messages are shown.

`python -m benchmarks.embed_frames [--seconds 10] [--rounds 3]`
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.conftest import CHROMIUM_FLAGS, Server, chromium
from tests.browser.embedding import OPENED, WIDE, Site
from tests.support.client import Client

HERTZ = 60
PEOPLE = 5
LIVE = "asocial-embed .root[data-live]"
NO_TAG = {'<script src="http': '<script type="text/none" src="http'}
ITEMS = "(least) => document.querySelector('asocial-embed').shadowRoot.querySelectorAll('.item').length >= least"
SEEN = """(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
  Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}"""


async def _busy_ms(page: Page, seconds: float) -> float:
    """The main thread's time for each frame."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def total() -> float:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    before = await total()
    await asyncio.sleep(seconds)
    busy = await total() - before
    await session.detach()
    return 1000 * busy / (seconds * HERTZ)


async def _open(browser: Browser, site: Site, *, tag: bool) -> Page:
    context = await browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    await context.add_init_script(OPENED)
    page = await context.new_page()
    site.replace = {} if tag else NO_TAG
    await page.goto(f"{site.origin}/article.html")
    if tag:
        await page.wait_for_selector(LIVE, state="attached")
    await asyncio.sleep(2)
    return page


async def _point(client: Client, number: int) -> None:
    turn = 0.0
    while True:
        turn += 0.2
        await client.cursor((round(200 * math.cos(turn)), round(300 + 40 * number + 100 * math.sin(turn))))
        await asyncio.sleep(0.05)


async def _measure(browser: Browser, site: Site, server: Server, seconds: float, number: int) -> dict[str, float]:
    # A channel of its own: messages of the round before may still live.
    site.attributes = f'data-channel="frames-{number}"'
    without = await _open(browser, site, tag=False)
    figures = {"without": await _busy_ms(without, seconds)}
    await without.context.close()
    page = await _open(browser, site, tag=True)
    figures["alone"] = await _busy_ms(page, seconds)
    channel = await page.evaluate("asocial.channel")
    url = server.url("").replace("http", "ws", 1)
    clients = [await Client.connect(url, channel=channel)]
    await asyncio.sleep(1)
    figures["quiet"] = await _busy_ms(page, seconds)
    await page.evaluate(SEEN, "hidden")
    figures["hidden"] = await _busy_ms(page, seconds)
    await page.evaluate(SEEN, "visible")
    clients += [await Client.connect(url, channel=channel) for _ in range(PEOPLE - 1)]
    for number, client in enumerate(clients):
        await client.chat("a message that is there for some time", at=(-300 + 50 * number, 200 + 60 * number))
    await page.wait_for_function(ITEMS, arg=PEOPLE)
    await asyncio.sleep(1)
    figures["read"] = await _busy_ms(page, seconds)
    pointing = [asyncio.create_task(_point(client, number)) for number, client in enumerate(clients)]
    await page.wait_for_function(ITEMS, arg=2 * PEOPLE)
    figures["busy"] = await _busy_ms(page, seconds)
    for task in pointing:
        task.cancel()
    for client in clients:
        await client.close()
    await page.context.close()
    return figures


async def main(seconds: float, rounds: int) -> None:
    site = Site()
    await site.start()
    server = Server(allowed_origins=site.origin)
    await server.start()
    site.server_url = server.url("")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        found = [await _measure(browser, site, server, seconds, number) for number in range(rounds)]
        await browser.close()
    await server.stop()
    await site.stop()
    median = {name: statistics.median(each[name] for each in found) for name in found[0]}
    print(f"without the tag: {median['without']:.3f} ms a frame")
    for name, value in median.items():
        if name != "without":
            print(f"{name}: {value - median['without']:+.3f} ms a frame")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.seconds, arguments.rounds))
