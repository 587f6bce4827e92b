"""The page around the canvas: addresses, the invitation, themes, small screens, keys."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from .conftest import Visit
from .watch import at_rest, go_back


async def test_a_name_that_is_no_channel_gets_a_clear_answer(visit: Visit) -> None:
    ann = await visit("/c/no%20such%20name", live=False)
    await expect(ann.get_by_test_id("not-found")).to_be_visible()
    await expect(ann.get_by_test_id("nearest")).to_have_attribute("href", "/c/no-such-name")
    await ann.get_by_test_id("to-start").click()
    await expect(ann.get_by_test_id("start")).to_be_visible()


async def test_light_and_dark_follow_the_system(visit: Visit) -> None:
    ann = await visit(color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = await ann.evaluate(ground)
    await ann.emulate_media(color_scheme="dark")
    assert await ann.evaluate(ground) != light


PHONE = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1440, "height": 900}}


@pytest.mark.parametrize(
    ("options", "sizes"),
    [(PHONE, [(320, 568), (375, 667), (820, 1180)]), (DESK, [(1440, 900)])],
    ids=["phone", "desk"],
)
async def test_nothing_sticks_out_of_any_screen(
    visit: Visit, options: dict[str, Any], sizes: list[tuple[int, int]], subtests: pytest.Subtests
) -> None:
    ann = await visit(**options)
    for width, height in sizes:
        with subtests.test(f"{width} x {height}"):
            await ann.set_viewport_size({"width": width, "height": height})
            await go_back(ann)
            await ann.get_by_test_id("people").click()
            await at_rest(ann)
            sticking_out = await ann.evaluate(
                """() => [...document.querySelectorAll('button, input, h1, section')].filter((element) => {
                  const { left, right, top, bottom, width } = element.getBoundingClientRect()
                  return width > 0 && (left < 0 || top < 0 || right > innerWidth || bottom > innerHeight)
                }).map((element) => element.outerHTML.slice(0, 120))"""
            )
            assert sticking_out == []
            assert await ann.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_targets_are_large_enough_for_fingers(visit: Visit) -> None:
    ann = await visit(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    small = await ann.evaluate(
        """() => [...document.querySelectorAll('button')].filter((element) => {
          const { width, height } = element.getBoundingClientRect()
          return width > 0 && (width < 44 || height < 44)
        }).map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert small == []


async def test_every_control_is_reached_by_tab_and_shows_it(visit: Visit) -> None:
    ann = await visit()
    shown = "() => [...document.querySelectorAll('button')].filter((each) => each.offsetParent).length"
    reached = set()
    for _ in range(await ann.evaluate(shown) + 4):
        await ann.keyboard.press("Tab")
        focused = await ann.evaluate(
            """() => {
              const element = document.activeElement
              const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
              const ring = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
              const number = [...document.querySelectorAll('button')].indexOf(element)
              return number < 0 ? null : [number, element.outerHTML.slice(0, 200), ring]
            }"""
        )
        if focused:
            number, html, ring = focused
            assert ring, f"no visible focus ring: {html}"
            reached.add(number)
    assert len(reached) == await ann.evaluate(shown)


async def test_the_line_on_the_empty_canvas_comes_to_rest(visit: Visit) -> None:
    ann = await visit()
    line = ann.get_by_test_id("invitation")
    # While it can be read, nothing moves: a browser draws a frame for each running animation, 60 times a second.
    await ann.wait_for_function(
        """() => document.getAnimations().every(({ playState, effect }) =>
          playState !== 'running' || effect.getComputedTiming().progress === null)"""
    )
    await expect(line).to_have_css("opacity", "1")
    # After a minute of turns it stays.
    await ann.wait_for_function(
        """() => {
          const moves = document.querySelector('[data-testid="invitation"]')?.getAnimations()
          moves?.forEach((each) => each.finish())
          return moves?.every(({ animationName }) => animationName !== 'disappear')
        }"""
    )
    await expect(line).to_contain_text("say something")
    await expect(line).to_have_css("opacity", "1")


async def test_reduced_motion_leaves_only_fading(visit: Visit) -> None:
    ann = await visit(reduced_motion="reduce")
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("calm")
    await ann.keyboard.press("Enter")
    moving = await ann.locator('[data-testid="message"]').evaluate(
        """(element) => element.getAnimations({ subtree: true })
          .flatMap((animation) => animation.effect.getKeyframes())
          .filter((frame) => (frame.translate ?? 'none') !== 'none' || (frame.filter ?? 'none') !== 'none').length"""
    )
    assert moving == 0


async def test_a_forbidden_storage_is_no_obstacle(visit: Visit) -> None:
    ann = await visit(
        live=False,
        script="Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError') } })",
    )
    await expect(ann.locator('[data-testid="connection"]')).to_have_attribute("data-state", "live")
