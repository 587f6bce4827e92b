"""Reactions appear at a point for everyone and vanish; they take no focus, and screen readers do not read them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Visit
from .watch import say, stop_clock, until_seen, world_under

KINDS = ["heart", "spark", "laugh", "wave", "agree", "question"]
LIFE_MS = 2_500


def what_and_where(reaction: dict[str, Any]) -> tuple[str, float, float]:
    """Of a frame."""
    return reaction["kind"], reaction["position"]["x"], reaction["position"]["y"]


_NOTE = """
() => {
  window.bursts = []
  const all = new Map()
  new MutationObserver(() => {
    const here = new Set()
    for (const each of document.querySelectorAll('[data-testid="burst"]')) {
      here.add(each)
      if (all.has(each)) continue
      const { kind, x, y } = each.dataset
      const note = { kind, x: Number(x), y: Number(y), gone: false }
      all.set(each, note)
      window.bursts.push(note)
    }
    for (const [each, note] of all) note.gone ||= !here.has(each)
  }).observe(document.body, { subtree: true, childList: true })
}
"""


async def note(page: Page) -> None:
    """From now on the page remembers its bursts: kind, place, and whether they are gone."""
    await page.evaluate(_NOTE)


async def bursts(page: Page, count: int) -> list[dict[str, Any]]:
    """All of them so far, once there are so many."""
    await page.wait_for_function("(count) => window.bursts.length >= count", arg=count)
    found: list[dict[str, Any]] = await page.evaluate("() => window.bursts")
    return found


async def test_each_key_bursts_at_the_pointer_for_everyone_and_vanishes(visit: Visit) -> None:
    ann, bob = await visit(clock=True), await visit(clock=True)
    for page in (ann, bob):
        await expect(page.get_by_test_id("react")).to_have_count(1)
        await note(page)
        await stop_clock(page)
    await ann.mouse.move(620, 270)
    for digit in "123456":
        await ann.keyboard.press(f"Control+Shift+Digit{digit}")
    for page in (ann, bob):
        found = await bursts(page, 6)
        assert [each["kind"] for each in found] == KINDS
        assert {(each["x"], each["y"]) for each in found} == {(120, -80)}
        await page.clock.run_for(LIFE_MS - 100)
        assert [each["gone"] for each in await bursts(page, 6)] == [False] * 6
        await page.clock.run_for(200)
        await page.wait_for_function("() => window.bursts.every(({ gone }) => gone)")
    # No caret was opened by the digits.
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)


async def test_a_burst_has_its_authors_colour_lies_at_its_point_and_is_spoken_by_nobody(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("color-plum").click()
    await ann.keyboard.press("Escape")
    await ann.evaluate("() => document.activeElement.blur()")
    await ann.mouse.move(300, 200)
    await ann.keyboard.press("Control+Shift+Digit1")
    burst = bob.get_by_test_id("burst")
    await expect(burst).to_have_attribute("data-kind", "heart")
    color, point, hidden, pressable = await burst.evaluate(
        """(element) => {
          const { left, top } = element.getBoundingClientRect()
          const { color, pointerEvents } = getComputedStyle(element)
          return [color, [left, top], element.ariaHidden, pointerEvents]
        }"""
    )
    assert color == "rgb(169, 40, 150)", "plum on a light ground"
    assert point == pytest.approx([300, 200], abs=1)
    assert (hidden, pressable) == ("true", "none")
    assert await bob.evaluate("() => document.activeElement.tagName") == "BODY"


async def test_while_one_writes_digits_are_letters_and_with_ctrl_and_shift_they_react(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await expect(ann.get_by_test_id("react")).to_have_count(1)
    await ann.mouse.click(400, 300)
    await ann.keyboard.type("4 of us")
    await ann.keyboard.press("Control+Shift+Digit3")
    assert what_and_where(await bob.receive("reaction")) == ("laugh", -100, -50)
    await expect(ann.get_by_test_id("caret")).to_have_value("4 of us")
    await expect(ann.get_by_test_id("caret")).to_be_focused()


async def test_by_keyboard_alone_it_goes_to_the_middle_of_the_view(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await expect(ann.get_by_test_id("react")).to_have_count(1)
    await ann.keyboard.press("ArrowRight")
    await ann.keyboard.press("Control+Shift+Digit5")
    assert what_and_where(await bob.receive("reaction")) == ("agree", 80, 0)


async def test_the_palette_is_a_button_a_row_of_names_and_keeps_the_focus_where_it_was(
    visit: Visit, join: Join
) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(400, 300)
    await ann.keyboard.type("hello")
    await ann.get_by_test_id("react").click()
    row = ann.get_by_role("group", name="Reactions")
    await expect(row.get_by_role("button")).to_have_count(6)
    for name in ("Heart", "Question"):
        await row.get_by_role("button", name=name).click()
    for kind in ("heart", "question"):
        assert what_and_where(await bob.receive("reaction")) == (kind, -100, -50)
    await expect(ann.get_by_test_id("caret")).to_be_focused()
    await ann.keyboard.type(" there")
    await expect(ann.get_by_test_id("caret")).to_have_value("hello there")
    await ann.mouse.click(700, 500)
    await expect(row).to_have_count(0)


async def test_the_palette_is_reached_and_left_by_keyboard(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.get_by_test_id("react").focus()
    await ann.keyboard.press("Enter")
    await ann.keyboard.press("Tab")
    await expect(ann.get_by_test_id("react-heart")).to_be_focused()
    await ann.keyboard.press("Tab")
    await ann.keyboard.press("Enter")
    assert (await bob.receive("reaction"))["kind"] == "spark"
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("palette")).to_have_count(0)
    await expect(ann.get_by_test_id("react")).to_be_focused()


@pytest.mark.parametrize("touch", [False, True])
async def test_a_long_press_offers_the_palette_at_its_point_and_writes_nothing(
    visit: Visit, join: Join, touch: bool
) -> None:
    options = {"has_touch": True, "is_mobile": True} if touch else {}
    ann, bob = await visit(**options), await join()
    await expect(ann.get_by_test_id("react")).to_have_count(1)
    cdp = await ann.context.new_cdp_session(ann)
    if touch:
        await cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 300, "y": 400}]})
    else:
        await ann.mouse.move(300, 400)
        await ann.mouse.down()
    palette = ann.get_by_test_id("palette")
    await expect(palette).to_be_visible()
    if touch:
        await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        await ann.mouse.up()
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    await ann.get_by_test_id("react-wave").click()
    assert what_and_where(await bob.receive("reaction")) == ("wave", -200, 50)
    await expect(palette).to_have_count(0)
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)


async def test_reduced_motion_shows_them_still(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit(reduced_motion="reduce")
    await ann.reaction("heart", at=(-200, -150))
    burst = bob.get_by_test_id("burst")
    await burst.wait_for(state="attached")
    moving = await burst.evaluate(
        """(element) => element.getAnimations({ subtree: true }).map((animation) => [
          animation.animationName,
          animation.effect.getKeyframes().filter(({ transform = 'none' }) => transform !== 'none').length,
        ])"""
    )
    assert moving == [["still", 0]]


async def test_held_down_or_hammered_nobody_sees_more_than_the_others(visit: Visit) -> None:
    ann, bob = await visit(clock=True), await visit()
    for page in (ann, bob):
        await note(page)
    await stop_clock(ann)
    await ann.mouse.move(300, 200)
    for _ in range(25):
        await ann.keyboard.press("Control+Shift+Digit2")
    assert len(await bursts(ann, 10)) == 10
    await say(ann, 300, 400, "after that")
    await until_seen(bob, "after that")
    assert len(await bursts(bob, 10)) == 10


async def test_alone_a_reaction_is_still_seen_and_there_is_no_palette(visit: Visit) -> None:
    ann = await visit()
    await expect(ann.get_by_test_id("react")).to_have_count(0)
    await ann.mouse.move(300, 200)
    await ann.keyboard.press("Control+Shift+Digit1")
    await expect(ann.get_by_test_id("burst")).to_have_count(1)
    assert await world_under(ann, 500, 350) == (0, 0)
