"""Keyboard navigation: everything that works with a mouse works with keys. The person under test has no mouse."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.client import Client

from .conftest import Join, Visit
from .watch import go_back, run_command, until_seen, world_point

CARET = ".caret[data-open]"


async def caret_at(page: Page) -> tuple[float, float]:
    x, y = await page.locator(CARET).get_attribute("data-x"), await page.locator(CARET).get_attribute("data-y")
    assert x is not None
    assert y is not None
    return float(x), float(y)


async def focused_text(page: Page) -> str | None:
    """The words of the message that has the focus."""
    found: str | None = await page.evaluate(
        """() => document.activeElement?.closest('[data-testid="message"]')
          ?.querySelector('.words').textContent ?? null"""
    )
    return found


async def focus_goes_to(page: Page, text: str) -> None:
    await page.wait_for_function(
        """(text) => document.activeElement?.closest('[data-testid="message"]')
          ?.querySelector('.words').textContent === text""",
        arg=text,
    )


async def a_cross_of_words(speaker: Client, listener: Page) -> None:
    """One in the middle, one on each side."""
    for x, y, text in (
        (-20, -20, "middle"),
        (-20, -230, "up"),
        (-20, 210, "down"),
        (-380, -20, "left"),
        (320, -20, "right"),
    ):
        await speaker.chat(text, at=(x, y))
    for text in ("middle", "up", "down", "left", "right"):
        await until_seen(listener, text)


async def test_space_opens_the_caret_at_the_centre_and_arrows_move_it_while_it_is_empty(
    visit: Visit, join: Join
) -> None:
    ann, bob = await visit(), await join()
    await ann.keyboard.press("Space")
    await expect(ann.locator(CARET)).to_have_count(1)
    assert await caret_at(ann) == (0, 0)
    await ann.keyboard.press("ArrowRight")
    await ann.keyboard.press("ArrowDown")
    assert await caret_at(ann) == (40, 40)
    await ann.keyboard.press("Shift+ArrowLeft")
    assert await caret_at(ann) == (-120, 40)
    await ann.keyboard.type("here")
    await ann.keyboard.press("ArrowRight")
    assert await caret_at(ann) == (-120, 40), "once something is written, arrows are the text's"
    await ann.keyboard.press("Enter")
    said = await bob.receive("chat")
    assert (said["payload"], said["position"]) == ("here", {"x": -120, "y": 40})


async def test_arrows_on_an_empty_caret_tell_nobody_of_a_draft(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.keyboard.press("Space")
    for _ in range(5):
        await ann.keyboard.press("ArrowRight")
    await ann.keyboard.type("ab")
    await bob.receive("typing", where=lambda frame: frame["payload"] == "ab")
    drafts = [frame["position"]["x"] for frame in bob.received if frame["type"] == "typing"]
    assert set(drafts) == {200}


async def test_messages_are_walked_in_their_directions(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await a_cross_of_words(bob, ann)
    await ann.keyboard.press("Enter")
    await focus_goes_to(ann, "middle")
    for key, text in (("Up", "up"), ("Down", "middle"), ("Left", "left"), ("Right", "middle"), ("Right", "right"),
                      ("Left", "middle"), ("Down", "down")):  # fmt: skip
        await ann.keyboard.press(f"Arrow{key}")
        assert await focused_text(ann) == text, key
    await ann.keyboard.press("ArrowDown")
    assert await focused_text(ann) == "down", "there is none further down"
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("plane")).to_be_focused()


async def test_tab_reaches_the_words_too(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("first", at=(-200, -50))
    await bob.chat("newest", at=(100, -50))
    await until_seen(ann, "newest")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Tab")
    assert await focused_text(ann) == "newest"
    await ann.keyboard.press("ArrowLeft")
    assert await focused_text(ann) == "first"


async def test_whoever_is_walked_to_comes_into_view(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("seen", at=(-20, -20))
    await bob.chat("cut off by the edge of the view", at=(490, -20))
    await until_seen(ann, "cut off")
    await ann.keyboard.press("Enter")
    await focus_goes_to(ann, "seen")
    await ann.keyboard.press("ArrowRight")
    box = await ann.locator(".message-body:focus").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1000


async def test_a_letter_on_a_message_writes_right_under_it(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("is anyone there?", at=(-200, -50))
    await until_seen(ann, "is anyone there?")
    await ann.keyboard.press("Enter")
    await focus_goes_to(ann, "is anyone there?")
    await ann.keyboard.press("r")
    await expect(ann.locator(f"{CARET} textarea")).to_be_focused()
    x, y = await world_point(ann, "is anyone there?")
    at = await caret_at(ann)
    assert at[0] == x
    assert 20 < at[1] - y < 60
    await ann.keyboard.type("ight here")
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == "right here"


async def test_letters_mean_themselves_wherever_one_writes(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("something to reply to", at=(-200, -50))
    await until_seen(ann, "something to reply to")
    await ann.keyboard.press("Space")
    await ann.keyboard.type("r f ? . , /")
    await expect(ann.locator(f"{CARET} textarea")).to_have_value("r f ? . , /")
    for panel in ("help-panel", "settings-panel", "roster"):
        await expect(ann.get_by_test_id(panel)).to_have_count(0)
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("people").focus()
    await ann.keyboard.press("Enter")
    await ann.get_by_test_id("your-name").fill("")
    await ann.get_by_test_id("your-name").press_sequentially("r? f, /.")
    await expect(ann.get_by_test_id("your-name")).to_have_value("r? f, /.")
    await expect(ann.get_by_test_id("help-panel")).to_have_count(0)
    # On the plane a letter begins to write, as it always did.
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.type("rain")
    await expect(ann.locator(f"{CARET} textarea")).to_have_value("rain")


async def test_panels_open_by_key_take_the_focus_and_give_it_back(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit()
    for command, panel in (
        ("keys", "help-panel"),
        ("settings", "settings-panel"),
        ("who is here", "roster"),
        ("share", "share-panel"),
        ("other channels", "channels-panel"),
    ):
        with subtests.test(command):
            await go_back(ann)
            await run_command(ann, command)
            await expect(ann.get_by_test_id(panel)).to_be_visible()
            inside = '(id) => document.querySelector(`[data-testid="${id}"]`).contains(document.activeElement)'
            await ann.wait_for_function(inside, arg=panel)
            await ann.keyboard.press("Tab")
            assert await ann.evaluate(inside, panel)
            await ann.keyboard.press("Escape")
            await expect(ann.get_by_test_id(panel)).to_have_count(0)
            await expect(ann.get_by_test_id("plane")).to_be_focused()


async def test_the_sheet_lists_the_keys_and_is_fetched_when_asked_for(visit: Visit) -> None:
    ann = await visit()
    async with ann.expect_response(re.compile(r"/assets/Help-.*\.js$")):
        await ann.get_by_test_id("help").focus()
        await ann.keyboard.press("Enter")
    sheet = ann.get_by_test_id("help-panel")
    await expect(sheet.locator("dd").first).to_be_visible()
    await expect(sheet.locator("dt")).to_have_count(await sheet.locator("dd").count())
    for key in ("Space", "Enter", "Esc", "Home", "End", "Ctrl K", "F1", "Ctrl Z"):
        await expect(sheet.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$")).first).to_be_visible()
    await ann.keyboard.press("F1")
    await expect(sheet).to_have_count(0)
    await expect(ann.get_by_test_id("help")).to_be_focused()


async def test_all_that_can_have_the_focus_shows_it(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("hello", at=(-200, -50))
    await until_seen(ann, "hello")
    await bob.cursor((3_000, 0))  # the minimap is there for somebody out of view
    await ann.get_by_test_id("minimap").wait_for()
    await ann.get_by_test_id("plane").focus()
    seen: list[str] = []
    for _ in range(30):
        name, ring = await ann.evaluate(
            """() => {
              const { activeElement: at } = document
              const { outlineStyle, outlineWidth } = getComputedStyle(at)
              // A message has its ring around its author's name too, which hangs outside of it.
              const around = getComputedStyle(at, '::after')
              const drawn = around.content !== 'none' && around.borderTopStyle !== 'none'
              const name = at.dataset.testid ?? at.getAttribute('aria-label') ?? at.tagName
              return [name, (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) ||
                (drawn && parseFloat(around.borderTopWidth) >= 2)]
            }"""
        )
        if name in seen or name == "BODY":
            break
        assert ring, name
        seen.append(name)
        await ann.keyboard.press("Tab")
    for part in ("plane", "people", "settings", "help", "minimap", "nearest", "zoom"):
        assert part in seen, seen
