"""Strokes: a line that somebody draws with Shift or with the pen, and that dissolves (W110 to W113)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from .conftest import Join, Server, Visit
from .watch import say, until_seen

PHONE = {"viewport": {"width": 375, "height": 667}, "has_touch": True, "is_mobile": True}
LINE = [(0.0, 0.0), (60.0, 20.0), (120.0, 0.0)]


def strokes(page: Page, state: str = "sent") -> Any:
    return page.locator(f'[data-testid="stroke"][data-state="{state}"]')


async def press_and_draw(page: Page, *points: tuple[int, int]) -> None:
    """With Shift, from the first point through the others. The button stays pressed."""
    (x, y), *others = points
    await page.keyboard.down("Shift")
    await page.mouse.move(x, y)
    await page.mouse.down()
    for to_x, to_y in others:
        await page.mouse.move(to_x, to_y, steps=5)


async def release(page: Page) -> None:
    await page.mouse.up()
    await page.keyboard.up("Shift")


async def finger(page: Page) -> CDPSession:
    return await page.context.new_cdp_session(page)


async def touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    named = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": named})


async def transform(page: Page) -> str:
    found: str = await page.get_by_test_id("world").evaluate("(world) => world.style.transform")
    return found


async def test_a_line_grows_on_the_other_page_and_moves_neither_view(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    views = [await transform(page) for page in (ann, bob)]
    await press_and_draw(ann, (300, 300), (400, 320), (420, 380))
    await expect(strokes(ann, "draft")).to_have_count(1)
    await expect(strokes(bob, "draft")).to_have_count(1)
    await release(ann)
    for page in (ann, bob):
        await expect(strokes(page)).to_have_count(1)
    assert [await transform(page) for page in (ann, bob)] == views
    for page in (ann, bob):
        # No caret was opened where the line ends.
        await expect(page.locator(".caret[data-open]")).to_have_count(0)
    place = [await strokes(page).get_attribute(name) for page in (ann, bob) for name in ("data-x", "data-y")]
    assert [float(at or 0) for at in place] == [-200, -50] * 2
    looks = "(line) => [getComputedStyle(line).color, line.ariaHidden, getComputedStyle(line).pointerEvents]"
    assert await strokes(ann).evaluate(looks) == await strokes(bob).evaluate(looks)
    assert (await strokes(bob).evaluate(looks))[1:] == ["true", "none"]


async def test_a_line_can_begin_on_a_message_and_selects_nothing(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await say(ann, 300, 300, "underline these words")
    await ann.keyboard.press("Escape")
    await bob.receive("chat")
    await press_and_draw(ann, (320, 302), (420, 302))
    await release(ann)
    await bob.receive("stroke", where=lambda frame: "expires_at" in frame)
    assert await ann.evaluate("() => String(getSelection())") == ""


async def test_escape_gives_up_the_line_on_both_pages(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await press_and_draw(ann, (300, 300), (420, 320))
    await expect(strokes(bob, "draft")).to_have_count(1)
    await ann.keyboard.press("Escape")
    for page in (ann, bob):
        await expect(page.get_by_test_id("stroke")).to_have_count(0)
    await release(ann)
    await say(ann, 300, 500, "fence")
    await until_seen(bob, "fence")
    for page in (ann, bob):
        await expect(page.get_by_test_id("stroke")).to_have_count(0)


async def test_it_dissolves_at_the_end_of_its_life(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await press_and_draw(ann, (300, 300), (420, 320))
    await release(ann)
    await expect(strokes(bob)).to_have_count(1)
    opacity = "(line) => Number(getComputedStyle(line).opacity)"
    assert await strokes(bob).evaluate(opacity) == 1
    half_gone = """(line) => {
      const [fade] = line.getAnimations()
      fade.pause()
      const { delay, duration } = fade.effect.getTiming()
      fade.currentTime = delay + duration / 2
      return Number(getComputedStyle(line).opacity)
    }"""
    assert 0 < await strokes(bob).evaluate(half_gone) < 1
    await server.pass_time(121, ann, bob)
    for page in (ann, bob):
        await expect(page.get_by_test_id("stroke")).to_have_count(0)


async def test_w112_a_late_joiner_sees_the_lines_that_live_and_hears_of_them(visit: Visit) -> None:
    ann = await visit()
    await press_and_draw(ann, (300, 300), (420, 320))
    await release(ann)
    await expect(strokes(ann)).to_have_count(1)
    bob = await visit()
    await expect(strokes(bob)).to_have_count(1)
    await expect(bob.get_by_role("log", name="Lines that people draw")).to_contain_text("drew a line")


async def test_many_lines_of_one_person_are_announced_once(visit: Visit, join: Join) -> None:
    bob, ann = await visit(), await join(name="Ann")
    for _ in range(4):
        await ann.stroke(LINE)
    await expect(strokes(bob)).to_have_count(4)
    await expect(bob.get_by_role("log", name="Lines that people draw").locator("p")).to_have_text(["Ann drew a line"])


async def test_an_arrow_to_the_focused_message_by_key(visit: Visit, join: Join, subtests: pytest.Subtests) -> None:
    ann, bob, cat = await visit(), await visit(), await join()
    await cat.chat("point at me", at=(0, 0))
    await until_seen(ann, "point at me")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Enter")
    words = ann.locator('[data-testid="message"] .message-body')
    await expect(words).to_be_focused()
    for number, (key, along, step) in enumerate((("ArrowRight", "x", 1), ("ArrowUp", "y", -1)), 1):
        with subtests.test(key):
            await ann.keyboard.press(f"Shift+{key}")
            await expect(strokes(bob)).to_have_count(number)
            await expect(words).to_be_focused()
            drawn = await cat.receive("stroke")
            tail, tip = ({"x": x, "y": y} for x, y in drawn["points"][:2])
            assert (tip[along] - tail[along]) * step == pytest.approx(90, abs=0.2)


async def test_the_pen_draws_with_a_finger_and_two_fingers_move_the_view(visit: Visit) -> None:
    ann, bob = await visit(**PHONE), await visit()
    pen = ann.get_by_test_id("pen")
    await expect(pen).to_be_visible()
    await expect(bob.get_by_test_id("pen")).to_be_hidden()
    await pen.tap()
    await expect(pen).to_have_attribute("aria-pressed", "true")
    hand, before = await finger(ann), await transform(ann)
    await touch(hand, "touchStart", (100, 300))
    for step in range(1, 12):
        await touch(hand, "touchMove", (100 + 10 * step, 300 + 3 * step))
    await expect(strokes(bob, "draft")).to_have_count(1)
    await touch(hand, "touchEnd")
    await expect(strokes(bob)).to_have_count(1)
    assert await transform(ann) == before
    # Two fingers pinch, and leave no line.
    await touch(hand, "touchStart", (100, 300))
    await touch(hand, "touchStart", (100, 300), (200, 300))
    for step in range(1, 12):
        await touch(hand, "touchMove", (100 - 4 * step, 300), (200 + 4 * step, 300))
    await touch(hand, "touchEnd")
    assert await transform(ann) != before
    await expect(ann.get_by_test_id("stroke")).to_have_count(1)
    # Put away, one finger moves the view again.
    await pen.tap()
    await expect(pen).to_have_attribute("aria-pressed", "false")
    before = await transform(ann)
    await touch(hand, "touchStart", (100, 400))
    for step in range(1, 12):
        await touch(hand, "touchMove", (100 + 10 * step, 400))
    await touch(hand, "touchEnd")
    assert await transform(ann) != before
    await expect(ann.get_by_test_id("stroke")).to_have_count(1)


async def test_a_muted_persons_lines_vanish_and_stay_away(visit: Visit, join: Join) -> None:
    bob = await visit()
    ann, cat = await join(name="Loud Ann"), await join(name="Cat")
    await ann.stroke(LINE)
    await cat.stroke(LINE)
    await expect(strokes(bob)).to_have_count(2)
    await bob.get_by_test_id("people").click()
    await bob.get_by_test_id("person").filter(has_text="Loud Ann").get_by_test_id("mute-person").click()
    await expect(strokes(bob)).to_have_count(1)
    await expect(bob.get_by_role("log", name="Lines that people draw")).not_to_contain_text("Loud Ann")
    await ann.stroke(LINE)
    await cat.stroke(LINE)
    await expect(strokes(bob)).to_have_count(2)


async def test_w65_clearing_the_channel_removes_all_lines(visit: Visit, join: Join) -> None:
    owner = await visit()
    await owner.get_by_test_id("people").click()
    await owner.get_by_test_id("claim").click()
    await expect(owner.get_by_test_id("owner")).to_be_visible()
    await owner.keyboard.press("Escape")
    ann = await join()
    await ann.stroke(LINE)
    await ann.stroke(LINE, done=False)
    await expect(owner.get_by_test_id("stroke")).to_have_count(2)
    await owner.get_by_test_id("people").click()
    await owner.get_by_test_id("clear").click()
    await ann.receive("cleared")
    await expect(owner.get_by_test_id("stroke")).to_have_count(0)


async def test_w113_the_page_says_why_a_line_was_refused(visit: Visit, join: Join) -> None:
    ann = await visit()
    for number in range(11):
        await press_and_draw(ann, (300, 100 + 20 * number), (420, 100 + 20 * number))
        await release(ann)
    await expect(ann.get_by_test_id("stroke-note")).to_have_text("Too many lines in one minute.")
    await expect(strokes(ann)).to_have_count(10)


async def test_with_reduced_motion_a_line_only_fades(visit: Visit, join: Join) -> None:
    bob, ann = await visit(reduced_motion="reduce"), await join()
    await ann.stroke(LINE)
    await expect(strokes(bob)).to_have_count(1)
    frames = await strokes(bob).evaluate("(line) => line.getAnimations()[0].effect.getKeyframes()")
    assert frames
    assert not any({"filter", "translate"} & set(frame) for frame in frames)
