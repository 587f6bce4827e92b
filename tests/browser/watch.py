"""Watching a page from inside: what appeared and went, and when, to the millisecond; and bringing it back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Error, Locator, Page, Route, expect

from tests.support.waiting import PATIENCE_S

AHEAD_S = (0.25, 0.5, 1, 2)
"""How far ahead `stop_clock` may stop a page's clock, tried in this order."""
RESTORE_S = 3.0
"""How long `case` tries without loading the page again."""

_WATCH = """
() => {
  // Kept on window; the page's own code never looks there.
  const seen = { drafts: [], arrived: {}, gone: {}, late: 0 }
  window.seen = seen
  const now = () => performance.timeOrigin + performance.now()
  const look = () => {
    for (const each of document.querySelectorAll('[data-testid="draft"] .words')) {
      if (seen.drafts.at(-1) !== each.textContent) seen.drafts.push(each.textContent)
    }
    const here = new Set()
    for (const each of document.querySelectorAll('[data-testid="message"]')) {
      const text = each.querySelector('.words').textContent
      here.add(text)
      if (!(text in seen.arrived)) seen.arrived[text] = now()
    }
    for (const text of Object.keys(seen.arrived)) {
      if (!here.has(text) && !(text in seen.gone)) seen.gone[text] = now()
    }
  }
  new MutationObserver(look).observe(document.body, {
    subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['data-testid'],
  })
  look()
  // How late this page is to what it wants to do: the machine's doing, not the page's.
  let due = now() + 20
  setInterval(() => {
    seen.late = Math.max(seen.late, now() - due)
    due = now() + 20
  }, 20)
}
"""


async def watch(page: Page) -> None:
    """From now on the page remembers the drafts it shows, and when each message came and went."""
    await page.evaluate(_WATCH)


async def seen(page: Page) -> dict[str, Any]:
    """`drafts`: the texts in order; `arrived` and `gone`: text -> ms since the epoch; `late`: see above, in ms."""
    found: dict[str, Any] = await page.evaluate("() => window.seen")
    return found


# Live regions that come with their text, which screen readers do not announce. An alert is announced anyway.
_WATCH_REGIONS = """
() => {
  window.lateRegions = []
  const POLITE = '[role=status], [role=log], [aria-live=polite], output'
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue
        for (const each of [node, ...node.querySelectorAll('*')])
          if (each.matches(POLITE) && each.textContent.trim() !== '')
            window.lateRegions.push(`${each.dataset.testid ?? each.className}: ${each.textContent}`)
      }
    }
  }).observe(document.body, { subtree: true, childList: true })
}
"""


async def watch_regions(page: Page) -> None:
    """From now on the page remembers the live regions that come with their text: see `late_regions`."""
    await page.evaluate(_WATCH_REGIONS)


async def late_regions(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("() => window.lateRegions")
    return found


async def world_point(page: Page, text: str) -> tuple[float, float]:
    """Where on the plane a message hangs."""
    message = page.locator('[data-testid="message"]', has_text=text)
    x, y = await message.get_attribute("data-x"), await message.get_attribute("data-y")
    assert x is not None
    assert y is not None
    return float(x), float(y)


async def say(page: Page, x: float, y: float, text: str) -> None:
    """Click there, type, send."""
    await page.mouse.click(x, y)
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def run_command(page: Page, name: str) -> None:
    """Run the command whose name contains `name`, from the list of all commands."""
    await page.keyboard.press("Control+k")
    await expect(page.get_by_test_id("command")).to_be_focused()
    await page.keyboard.type(name)
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")


async def go_back(page: Page) -> None:
    """Close what is open, discard what is written, select nothing, and go home.

    For a page that several cases of a test share. The messages stay: see `Server.end_messages`.
    """
    await page.evaluate("() => getSelection().removeAllRanges()")
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(page.locator(".caret[data-open]")).to_have_count(0)
    await page.get_by_test_id("plane").focus()
    is_home = """() => {
      const { a, e, f } = new DOMMatrix(document.querySelector('[data-testid="world"]').style.transform)
      return Math.abs(innerWidth / 2 - e) < 1 && Math.abs(innerHeight / 2 - f) < 1 && Math.abs(a - 1) < 0.001
    }"""
    if not await page.evaluate(is_home):
        await page.keyboard.press("Home")
        await page.wait_for_function(is_home)
        await at_rest(page)  # the flight is over: the view that still moves would close a menu


async def go_to(page: Page, spot: str) -> None:
    """Change the hash of the page's address to `spot`. Return once the view has flown there."""
    async with asyncio.timeout(PATIENCE_S):
        await page.evaluate(
            """async (spot) => {
              const world = document.querySelector('[data-testid="world"]')
              const before = world.style.transform
              location.hash = spot
              // The flight begins later. A click during it would write where it is at that moment.
              while (world.style.transform === before || 'moving' in world.dataset)
                await new Promise(requestAnimationFrame)
            }""",
            spot,
        )


@contextlib.asynccontextmanager
async def case(subtests: pytest.Subtests, name: str, *pages: Page) -> AsyncIterator[None]:
    """One of several cases that begin at home on the same pages. If it fails, the pages go home for the next one."""
    urls = [page.url for page in pages]
    with subtests.test(name):
        try:
            yield
        except BaseException:
            for page, url in zip(pages, urls, strict=True):
                await _restore(page, url)
            raise


async def _restore(page: Page, url: str) -> None:
    try:
        async with asyncio.timeout(RESTORE_S):
            await page.mouse.up()
            for key in ("Control", "Shift", "Alt"):
                await page.keyboard.up(key)
            await go_back(page)
    except Exception:
        # An address that differs in its hash alone would not load.
        await page.goto("about:blank")
        await page.goto(url)
        await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")


async def open_menu(page: Page, text: str) -> Locator:
    """Click the message with that text; its menu."""
    await page.locator('[data-testid="message"] .words', has_text=text).click()
    menu = page.get_by_test_id("message-menu")
    await expect(menu).to_be_visible()
    return menu


async def messages(page: Page) -> list[str]:
    """The texts that hang on the page now."""
    return await page.locator('[data-testid="message"] .words').all_inner_texts()


async def until_seen(page: Page, text: str) -> None:
    """Return once a message with that text hangs on the page."""
    await page.locator('[data-testid="message"]', has_text=text).first.wait_for(state="attached")


async def at_rest(page: Page) -> None:
    """Return once everything on the page has lain where it is for five frames."""
    async with asyncio.timeout(PATIENCE_S):
        await page.evaluate(
            """async () => {
              const boxes = () => JSON.stringify([...document.querySelectorAll('#page *')].map((each) => {
                const { left, top, width, height } = each.getBoundingClientRect()
                return [left, top, width, height].map(Math.round)
              }))
              let before = ''
              for (let still = 0; still < 5; ) {
                await new Promise(requestAnimationFrame)
                const now = boxes()
                still = now === before ? still + 1 : 0
                before = now
              }
            }"""
        )


async def stop_clock(page: Page) -> None:
    """From now on the time of a page of `visit(clock=True)` stands still, and only `page.clock` moves it on."""
    assert await page.evaluate("() => '__pwClock' in window"), "this page was opened without a clock"
    # The clock jumps to the moment that is named, which cannot be in its past. A jump of some seconds is to the page as
    # if its machine had slept, and it checks its connection (packages/client/src/core/connection.ts).
    for ahead_s in AHEAD_S:
        try:
            await page.clock.pause_at(time.time() + ahead_s)
            return
        except Error as error:
            if "to the past" not in str(error) or ahead_s == AHEAD_S[-1]:
                raise


async def page_time(page: Page, ms: float) -> None:
    """Return once the timers of the page that were set before now, for `ms` or less, have run."""
    async with asyncio.timeout(PATIENCE_S + ms / 1000):
        await page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", ms)


async def type_letter_by_letter(page: Page, text: str, *readers: Page) -> None:
    """Type `text`; each letter once all `readers` see the draft up to there."""
    for end, letter in enumerate(text, 1):
        await page.keyboard.type(letter)
        for reader in readers:
            await expect(reader.locator('[data-testid="draft"] .words')).to_have_text(text[:end])


async def world_under(page: Page, x: float, y: float) -> tuple[float, float]:
    """The world point at a screen point, found as a person would: click there and see where the caret is."""
    await page.mouse.click(x, y)
    place = page.locator(".caret[data-open]")
    await place.wait_for(state="attached")
    at_x, at_y = await place.get_attribute("data-x"), await place.get_attribute("data-y")
    await page.keyboard.press("Escape")
    assert at_x is not None
    assert at_y is not None
    return float(at_x), float(at_y)


class HeldBack:
    """The file of a part, which does not arrive before `arrive` is called."""

    def __init__(self, page: Page, chunk: str) -> None:
        self._page = page
        self._files = f"**/assets/{chunk}-*.js"
        self._asked = asyncio.Event()
        self._go_on = asyncio.Event()

    async def start(self) -> None:
        async def hold(route: Route) -> None:
            self._asked.set()
            await self._go_on.wait()
            await route.continue_()

        await self._page.route(self._files, hold)

    async def asked(self) -> None:
        await asyncio.wait_for(self._asked.wait(), PATIENCE_S)

    async def arrive(self) -> None:
        """Returns when its code has run, and the page had the time to show it."""
        async with self._page.expect_response(self._files) as answer:
            self._go_on.set()
        url = (await answer.value).url
        await self._page.evaluate(
            """async (url) => {
              await import(url)
              for (let i = 0; i < 3; i += 1) await new Promise((done) => setTimeout(done))
              for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame)
            }""",
            url,
        )
