"""The first minute of two people: from the start page to a reply in at most six actions, with no question left open.

Each step is one action and what the page answers to it.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Server, Visit
from .watch import at_rest, until_seen

MIDDLE = '[data-testid="company"]'


async def is_in_the_middle(page: Page, what: str) -> None:
    """Whether the person sees it without searching: in the middle half of the view."""
    box = await page.locator(what).bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert size["width"] / 4 <= x <= size["width"] * 3 / 4
    assert size["height"] / 6 <= y <= size["height"] * 5 / 6


@pytest.mark.parametrize("width", [1000, 375])
async def test_from_the_start_page_to_a_reply_in_six_actions(visit: Visit, server: Server, width: int) -> None:
    view = {"viewport": {"width": width, "height": 667}}
    touch = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    ann = await visit("/", live=False, permissions=["clipboard-read", "clipboard-write"], **view, **touch)

    # 1. Ann opens a new channel. The page says what to do.
    await ann.get_by_test_id("new-channel").click()
    await expect(ann.get_by_test_id("invitation")).to_contain_text("anywhere, and say something")
    await is_in_the_middle(ann, '[data-testid="invitation"]')

    # 2. Ann writes where the page said. It says that nobody is here to read it, and what to do about that.
    await ann.mouse.click(width * 0.3, 200)
    await ann.keyboard.type("hello, anyone?")
    await ann.keyboard.press("Enter")
    await expect(ann.locator(MIDDLE)).to_contain_text("Nobody else is here yet")
    await is_in_the_middle(ann, MIDDLE)

    # 3. Ann copies the link. The page says that it is copied.
    await ann.get_by_test_id("copy-invitation").click()
    await expect(ann.get_by_text("Link copied").first).to_be_visible()
    link = await ann.evaluate("navigator.clipboard.readText()")

    # 4. Bob opens the link. He sees who is here and what was said; Ann sees that somebody came.
    bob = await visit(link.removeprefix(server.url("")), **view, **touch)
    await expect(bob.locator(MIDDLE)).to_contain_text("is here")
    await is_in_the_middle(bob, MIDDLE)
    await until_seen(bob, "hello, anyone?")
    await expect(ann.locator(MIDDLE)).to_contain_text("is here")
    await is_in_the_middle(ann, MIDDLE)

    # 5. Bob presses the message. Its menu offers a reply first.
    await at_rest(bob)
    await bob.locator('[data-testid="message"] .words', has_text="hello").click()
    await expect(bob.get_by_role("menuitem").first).to_have_text("Reply")

    # 6. Bob replies. The reply is under the message, for both.
    await bob.get_by_role("menuitem", name="Reply").click()
    await bob.keyboard.type("yes, me!")
    await bob.keyboard.press("Enter")
    await until_seen(ann, "yes, me!")
    asked = await ann.locator('[data-testid="message"]', has_text="hello").bounding_box()
    said = await ann.locator('[data-testid="message"]', has_text="yes, me!").bounding_box()
    assert asked is not None
    assert said is not None
    assert 20 <= said["y"] - asked["y"] <= 90
    # Nothing that was said on the way is in the way.
    await expect(ann.get_by_test_id("copy-invitation")).to_have_count(0)
