"""Time to read: a message that a reader holds stays, for that reader alone; the history keeps messages for a while."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import LIFE_S, Join, Server, Visit
from .test_finding import look_away
from .watch import messages, open_menu, say, until_seen


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"rate_limit_per_minute": 0}


def message(page: Page, text: str) -> Locator:
    return page.locator('[data-testid="message"]', has_text=text)


def words(page: Page, text: str) -> Locator:
    return message(page, text).locator(".words")


async def point_at(page: Page, text: str) -> None:
    """Move the mouse onto a message, as a hand does: in more than one step."""
    box = await words(page, text).bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 10)
    await page.mouse.move(box["x"] + 30, box["y"] + 14, steps=4)


async def opacity(page: Page, text: str) -> float:
    return float(await message(page, text).locator(".message-body").evaluate("(e) => getComputedStyle(e).opacity"))


async def keep(page: Page, factor: str) -> None:
    """Choose in the settings how long messages stay."""
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("setting-lifeFactor").select_option(label=factor)
    await page.keyboard.press("Escape")


async def test_under_the_pointer_it_stays_whole_for_this_reader_and_goes_a_moment_after(
    visit: Visit, server: Server
) -> None:
    ann, bob = await visit(), await visit()
    await say(ann, 400, 300, "read me")
    await until_seen(bob, "read me")
    await point_at(bob, "read me")
    await expect(message(bob, "read me")).to_have_attribute("data-holding", "true")
    await server.pass_time(LIFE_S, ann, bob)
    # Gone for the others, at its time; here it is held, whole, and seen to be kept.
    await expect(message(ann, "read me")).to_have_count(0)
    await expect(message(bob, "read me").locator(".message-body")).to_have_attribute("data-outlived", "")
    assert await opacity(bob, "read me") == 1
    await expect(message(bob, "read me")).to_contain_text("already faded for others")
    left = time.monotonic()
    await bob.mouse.move(900, 600)
    await expect(message(bob, "read me")).to_have_count(0)
    assert time.monotonic() - left >= 1.2


async def test_a_resting_mouse_holds_nothing_that_appears_or_is_carried_under_it(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await bob.mouse.move(420, 300)
    await say(ann, 400, 300, "under the mouse")
    await until_seen(bob, "under the mouse")
    for page in (ann, bob):
        await expect(message(page, "under the mouse")).not_to_have_attribute("data-holding", "true")
    await server.pass_time(LIFE_S, ann, bob)
    for page in (ann, bob):
        await expect(message(page, "under the mouse")).to_have_count(0)


async def test_the_focus_holds_too_and_arrows_go_from_message_to_message(
    visit: Visit, join: Join, server: Server
) -> None:
    ann, bob = await join(), await visit()
    await ann.chat("first", at=(-200, -150))
    await ann.chat("second", at=(-200, 50))
    await until_seen(bob, "second")
    await bob.get_by_test_id("plane").focus()
    await bob.keyboard.press("Tab")
    focused = bob.locator('[data-testid="message"] .message-body:focus')
    await expect(focused).to_contain_text("second")
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "second").locator(".message-body")).to_have_attribute("data-outlived", "")
    await expect(message(bob, "first")).to_have_count(0)
    assert await messages(bob) == ["second"]

    await (await join()).chat("third", at=(-200, 150))  # `pass_time` has ended Ann's connection
    await until_seen(bob, "third")
    await bob.keyboard.press("ArrowDown")
    await expect(focused).to_contain_text("third")
    await bob.keyboard.press("ArrowUp")
    await expect(focused).to_contain_text("second")
    # Delete puts it away; the focus goes on, and no letter of it is written anywhere.
    await bob.keyboard.press("Delete")
    await expect(message(bob, "second")).to_have_count(0)
    await expect(focused).to_contain_text("third")
    await bob.keyboard.press("Delete")
    await expect(message(bob, "third")).to_have_count(0)
    assert await bob.evaluate("() => document.activeElement.dataset.testid") == "plane"
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)


async def test_a_message_stays_while_its_menu_is_open_and_while_its_text_is_selected(
    visit: Visit, join: Join, server: Server
) -> None:
    ann, bob = await join(), await visit()
    await ann.chat("with a menu", at=(-200, -150))
    await ann.chat("with a selection", at=(-200, 50))
    await until_seen(bob, "with a selection")
    box = await words(bob, "with a selection").bounding_box()
    assert box is not None
    await bob.mouse.move(box["x"] + 2, box["y"] + 14)
    await bob.mouse.down()
    await bob.mouse.move(box["x"] + box["width"] - 2, box["y"] + 14, steps=5)
    await bob.mouse.up()
    await bob.mouse.move(900, 600)
    await expect(message(bob, "with a selection")).to_have_attribute("data-holding", "true")
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "with a menu")).to_have_count(0)
    await expect(message(bob, "with a selection")).to_have_count(1)
    await bob.evaluate("() => getSelection().removeAllRanges()")
    await expect(message(bob, "with a selection")).to_have_count(0)

    await (await join()).chat("one more", at=(-200, -50))  # `pass_time` has ended Ann's connection
    await until_seen(bob, "one more")
    await open_menu(bob, "one more")
    await bob.mouse.move(900, 600)
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "one more").locator(".message-body")).to_have_attribute("data-outlived", "")
    await bob.keyboard.press("Escape")
    await expect(message(bob, "one more")).to_have_count(0)


async def test_a_finger_that_rests_holds_and_a_tap_elsewhere_lets_go(visit: Visit, join: Join, server: Server) -> None:
    ann, bob = await join(), await visit(has_touch=True, is_mobile=True)
    await ann.chat("long to read", at=(-100, -50))
    await until_seen(bob, "long to read")
    box = await words(bob, "long to read").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = await bob.context.new_cdp_session(bob)
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    await expect(message(bob, "long to read").locator(".message-body")).to_be_focused()
    await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "long to read").locator(".message-body")).to_have_attribute("data-outlived", "")
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)
    await bob.touchscreen.tap(600, 600)
    await expect(message(bob, "long to read")).to_have_count(0)


async def test_a_life_several_times_as_long_is_this_readers_alone(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await keep(bob, "3 times as long")
    await say(ann, 400, 300, "three times")
    await until_seen(bob, "three times")
    await server.pass_time(LIFE_S, ann, bob)
    await expect(message(ann, "three times")).to_have_count(0)
    await expect(message(bob, "three times").locator(".message-body")).to_have_attribute("data-outlived", "")
    await say(ann, 400, 400, "a whole life later")
    await until_seen(bob, "a whole life later")
    await server.pass_time(LIFE_S * 2, bob)
    await expect(message(bob, "three times")).to_have_count(0)
    await expect(message(bob, "a whole life later").locator(".message-body")).to_have_attribute("data-outlived", "")
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "a whole life later")).to_have_count(0)


async def test_what_stays_is_put_away_by_hand_and_stays_away(visit: Visit, join: Join, server: Server) -> None:
    ann, bob = await join(), await visit()
    await keep(bob, "until you hide them")
    await ann.chat("12:00", at=(-200, -150))
    await ann.chat("13:00", at=(-200, 50))
    await until_seen(bob, "13:00")
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "13:00").locator(".message-body")).to_have_attribute("data-outlived", "")
    await (await open_menu(bob, "12:00")).get_by_test_id("put-away").click()
    await expect(message(bob, "12:00")).to_have_count(0)
    assert await messages(bob) == ["13:00"]
    await expect(message(bob, "13:00")).not_to_have_attribute("data-holding", "true")
    # Once the reader is like the others again, it goes as theirs did.
    await keep(bob, "as long as for everyone")
    await expect(message(bob, "13:00")).to_have_count(0)


async def test_the_newest_of_five_minutes_can_be_searched_and_gone_to(visit: Visit, join: Join, server: Server) -> None:
    ann, bob = await join(name="Zoë"), await visit()
    await ann.chat("the café is open", at=(-200, -50))
    await ann.chat("and it rains", at=(0, 150))
    await until_seen(bob, "and it rains")
    await server.pass_time(LIFE_S, bob)
    await expect(message(bob, "and it rains")).to_have_count(0)
    await look_away(bob, 20_000)

    await bob.get_by_test_id("history").click()
    entries = bob.get_by_test_id("history-entry")
    await expect(entries).to_have_count(2)
    await expect(entries.first).to_contain_text("and it rains")
    await expect(entries.first).to_contain_text("Zoë")
    await expect(entries.first.locator("time")).to_have_text(re.compile(r"\d{1,2}:\d{2}:\d{2}"))
    await bob.get_by_test_id("history-search").fill("CAFE zoe")
    await expect(entries).to_have_count(1)
    await bob.get_by_test_id("history-search").fill("tea")
    await expect(entries).to_have_count(0)
    await bob.get_by_test_id("history-search").fill("cafe")
    await bob.evaluate(RECALLED, "the café is open")
    await entries.click()
    # It is there again for a moment, in view, as one that is over for everyone else.
    await bob.wait_for_function("() => window.recalled.inView && window.recalled.outlived")
    await bob.keyboard.press("Escape")
    await expect(bob.get_by_test_id("history-panel")).to_have_count(0)
    await expect(message(bob, "the café is open")).to_have_count(0)


RECALLED = """(text) => {
  // Noted in every frame: it is there for four seconds, which a busy machine may take to ask for it.
  window.recalled = { inView: false, outlived: false }
  const look = () => {
    for (const words of document.querySelectorAll('[data-testid="message"] .words')) {
      if (!words.textContent.includes(text)) continue
      const { left, top, right, bottom } = words.getBoundingClientRect()
      window.recalled.inView ||= left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
      window.recalled.outlived ||= words.closest('.message-body').hasAttribute('data-outlived')
    }
    requestAnimationFrame(look)
  }
  look()
}"""


async def test_a_reload_leaves_nothing_of_what_was_said_anywhere(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await say(ann, 300, 300, "for now only")
    await until_seen(bob, "for now only")
    stored = """async () => {
      const caches_ = 'caches' in window ? await Promise.all((await caches.keys()).map(async (name) =>
        Promise.all((await (await caches.open(name)).matchAll()).map((each) => each.text())))) : []
      const bases = indexedDB.databases ? await indexedDB.databases() : []
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, bases, caches_])
    }"""
    for page in (ann, bob):
        await page.get_by_test_id("history").click()
        await expect(page.get_by_test_id("history-entry")).to_contain_text("for now only")
        assert "for now" not in await page.evaluate(stored)
    await server.pass_time(LIFE_S, ann, bob)
    for page in (ann, bob):
        await expect(message(page, "for now only")).to_have_count(0)
        await page.reload()
        await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
        await page.get_by_test_id("history").click()
        await expect(page.get_by_test_id("history-panel")).to_contain_text("No messages in the last five minutes")
        assert "for now" not in await page.evaluate(stored)
