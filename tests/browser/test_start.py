"""The first moments, and the quiet ones: what is fetched, in which order, and what a page sends when nobody looks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from tests.support.waiting import PATIENCE_S

from .conftest import Join, Server, Visit
from .watch import page_time, until_seen

LIMIT_BYTES = 90 * 1024  # brotli, as in web/scripts/size.mjs
CARET = ".caret[data-open] textarea"
NEEDED = re.compile(r"/assets/(index|theme)-")
# startup.js watches over the start, and nothing waits for it; the theme's script has a line or two.
FIRST_PARTS = ["index", "startup.js", "theme"]


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that never saw the page: nothing cached, nothing kept."""
    context = await browser.new_context(viewport={"width": 1000, "height": 700})
    yield context
    await context.close()


def scripts_of(page: Page) -> list[Response]:
    """Grows with every script the page fetches."""
    found: list[Response] = []
    page.on("response", lambda response: found.append(response) if response.url.endswith(".js") else None)
    return found


async def without_other_parts(stranger: BrowserContext) -> Page:
    """A page to which no part comes that the first word does not need, also none that is loaded ahead."""
    page = await stranger.new_page()
    await page.route(lambda url: "/assets/" in url and url.endswith(".js") and not NEEDED.search(url), lambda _: None)
    return page


def parts_of(scripts: list[Response]) -> list[str]:
    """Their file names without the hash, sorted. One that came twice counts once.

    Where nothing is drawn soon after a script has come, the page requests it again: it may have been lost (startup.ts).
    """
    return sorted(url.rsplit("/", 1)[-1].partition("-")[0] for url in {script.url for script in scripts})


class Sent:
    """Every frame a page sends."""

    def __init__(self, page: Page) -> None:
        self.frames: list[dict[str, Any]] = []
        self._more = asyncio.Event()
        page.on("websocket", lambda socket: socket.on("framesent", self._on_frame))

    def _on_frame(self, payload: str | bytes) -> None:
        self.frames.append(json.loads(payload))
        self._more.set()

    async def one_more(self, kind: str) -> None:
        """Return once one more of that kind has been sent."""
        before = self._count(kind)
        async with asyncio.timeout(PATIENCE_S):
            while self._count(kind) == before:
                self._more.clear()
                await self._more.wait()

    async def pulse(self, page: Page) -> None:
        """All it sent before now is in `frames`: a page pings when the network seems to go (net/connection.ts)."""
        pinged = asyncio.create_task(self.one_more("ping"))
        await page.evaluate("() => dispatchEvent(new Event('offline'))")
        await pinged

    def _count(self, kind: str) -> int:
        return sum(frame["type"] == kind for frame in self.frames)


async def hide(page: Page, hidden: bool) -> None:
    await page.evaluate(
        """(hidden) => {
          const state = hidden ? 'hidden' : 'visible'
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state })
          document.dispatchEvent(new Event('visibilitychange'))
        }""",
        hidden,
    )


async def test_the_first_word_needs_one_small_script(server: Server, stranger: BrowserContext) -> None:
    page = await without_other_parts(stranger)
    scripts = scripts_of(page)
    await page.goto(server.url("/c/garden"))
    # Loaded is not yet drawn: on a busy machine a click can come between.
    await page.get_by_test_id("plane").wait_for()
    await page.mouse.click(400, 300)
    await page.keyboard.type("hello")
    await expect(page.locator(CARET)).to_have_value("hello")
    await page.keyboard.press("Enter")
    await page.wait_for_selector('[data-testid="message"][data-state="sent"]', state="attached")
    total = sum(
        {script.url: (await script.request.sizes())["responseBodySize"] for script in reversed(scripts)}.values()
    )
    assert {await script.header_value("content-encoding") for script in scripts} == {"br"}
    assert parts_of(scripts) == FIRST_PARTS
    assert 0 < total <= LIMIT_BYTES


async def test_typing_works_before_the_connection_and_before_any_other_script(
    server: Server, stranger: BrowserContext
) -> None:
    page = await without_other_parts(stranger)
    scripts = scripts_of(page)
    # A server whose page has come and whose socket never answers.
    await page.route_web_socket("**/api/chat*", lambda _: None)
    await page.goto(server.url("/c/garden"))
    # Loaded is not yet drawn: on a busy machine a click can come between.
    await page.get_by_test_id("plane").wait_for()
    await page.mouse.click(400, 300)
    await page.keyboard.type("nobody hears yet")
    await expect(page.locator(CARET)).to_have_value("nobody hears yet")
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "connecting")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("message")).to_have_attribute("data-state", "pending")
    assert parts_of(scripts) == FIRST_PARTS


async def test_what_may_be_wanted_later_is_there_once_the_page_is_calm(
    server: Server, visit: Visit, subtests: pytest.Subtests
) -> None:
    ann = await visit()
    scripts = scripts_of(ann)
    # One after the other (shared/ui/lazy.tsx); app/main.tsx names the last of them.
    async with ann.expect_response(lambda response: "NotFound" in response.url) as last:
        pass
    await (await last.value).finished()
    fetched = len(scripts)
    assert fetched > 1
    with subtests.test("all parts share one style sheet: a part waits for none, and misses none"):
        sheets = await ann.evaluate("[...document.styleSheets].map((each) => each.href)")
        assert len(sheets) == 1
    await server.stop()
    await ann.get_by_test_id("people").click()
    await expect(ann.get_by_test_id("roster")).to_be_visible()
    assert len(scripts) == fetched
    await server.start()


async def test_alone_in_a_channel_a_moving_pointer_is_told_to_nobody(server: Server, stranger: BrowserContext) -> None:
    page = await stranger.new_page()
    sent = Sent(page)
    await page.goto(server.url("/c/garden"))
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    for step in range(20):
        await page.mouse.move(200 + step * 20, 300 + step)
    await sent.pulse(page)
    assert {frame["type"] for frame in sent.frames} == {"ping"}


async def test_in_company_it_is_told(server: Server, stranger: BrowserContext, join: Join) -> None:
    page = await stranger.new_page()
    sent = Sent(page)
    await page.goto(server.url("/c/garden"))
    await join()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    await page.mouse.move(300, 300)
    told = asyncio.create_task(sent.one_more("cursor"))
    await page.mouse.move(500, 400)
    await told


async def test_a_hidden_tab_sends_nothing_but_pings(server: Server, stranger: BrowserContext, join: Join) -> None:
    page = await stranger.new_page()
    sent = Sent(page)
    await page.goto(server.url("/c/garden"))
    ann = await join()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    await page.mouse.click(300, 300)
    await page.keyboard.type("half a thought")
    await ann.receive("typing", where=lambda frame: frame["payload"] == "half a thought")
    await page.mouse.move(310, 310)
    await hide(page, True)
    await sent.pulse(page)
    before = len(sent.frames)

    # Everything a visible page answers: a newcomer, words, pointers; and our own pointer, as the system may move it.
    bob = await join()
    await bob.cursor((-300, -150))
    await bob.chat("anybody?", at=(0, 150))
    await until_seen(page, "anybody?")
    await page.mouse.move(600, 400)
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "3")
    # A visible page would tell the new member within 700 ms what there is (stores/receive.ts).
    await page_time(page, 800)
    await sent.pulse(page)
    assert {frame["type"] for frame in sent.frames[before:]} == {"ping"}

    await hide(page, False)
    await bob.receive("typing", where=lambda frame: frame["payload"] == "half a thought")
