"""The page around the canvas: addresses, the invitation, themes, small screens, keys."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from .conftest import Join, Server, Visit
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


SHORT_TURNS = """
  const { setTimeout } = window
  window.setTimeout = (then, ms, ...rest) => setTimeout(then, ms === 5_700 ? 30 : ms, ...rest)
"""
"""The line on the empty canvas stays for 30 ms instead."""


async def test_the_line_on_the_empty_canvas_does_not_move_while_it_can_be_read(visit: Visit) -> None:
    ann = await visit()
    # A browser draws a frame for each running animation, 60 times a second.
    await ann.wait_for_function(
        """() => document.getAnimations().every(({ playState, effect }) =>
          playState !== 'running' || effect.getComputedTiming().progress === null)"""
    )
    await expect(ann.get_by_test_id("invitation")).to_have_css("opacity", "1")


async def test_the_line_on_the_empty_canvas_stays_after_some_turns(visit: Visit) -> None:
    ann = await visit(script=SHORT_TURNS)
    line = ann.get_by_test_id("invitation")
    await ann.wait_for_function(
        """() => {
          const line = document.querySelector('[data-testid="invitation"]')
          window.lines ??= new Set()
          if (line) window.lines.add(line)
          for (const each of line?.getAnimations() ?? []) each.finish()
          return window.lines.size === 9
        }"""
    )
    # Ten times as long as the others stayed.
    await ann.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    await expect(line).to_contain_text("say something")
    await expect(line).not_to_have_class("leaving")
    await expect(line).to_have_css("opacity", "1")


WATCH_ANIMATIONS = """
  const notProperties = ['offset', 'computedOffset', 'easing', 'composite']
  window.doubled = []
  const look = () => {
    const seen = new Map()
    for (const { effect } of document.getAnimations()) {
      const names = new Set(effect.getKeyframes().flatMap(Object.keys))
      for (const name of names.difference(new Set(notProperties))) {
        const animated = `${name} ${effect.pseudoElement}`
        const before = seen.get(effect.target) ?? []
        if (before.includes(animated)) window.doubled.push(`${animated} of ${effect.target.outerHTML.slice(0, 200)}`)
        seen.set(effect.target, [...before, animated])
      }
    }
    requestAnimationFrame(look)
  }
  look()
"""


async def test_nothing_has_two_animations_of_one_property(visit: Visit, server: Server, join: Join) -> None:
    """A browser then animates both on the main thread, even while one of them waits."""
    ann = await visit(script=WATCH_ANIMATIONS)
    await expect(ann.get_by_test_id("invitation")).to_have_css("opacity", "1")
    bob = await join()
    await bob.reaction("heart")
    await bob.chat("from Bob", at=(-50, -50))
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("hello")
    await ann.keyboard.press("Enter")
    await expect(ann.get_by_test_id("message")).to_have_count(2)
    await server.end_messages(ann)
    assert await ann.evaluate("() => window.doubled") == []


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
