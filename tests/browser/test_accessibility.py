"""Without sight: what a screen reader is told, and what axe-core finds on every view in both themes: nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import LIFE_S, Server, Visit
from .watch import run_command, say, until_seen

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

_LOG = """
() => {
  // Kept on window; the page's own code never looks there. A log tells what is added to it, once.
  window.told = []
  new MutationObserver((changes) => {
    for (const { addedNodes, type, target } of changes) {
      if (type === 'characterData') window.told.push(target.textContent)
      for (const node of addedNodes) window.told.push(node.textContent)
    }
  }).observe(document.querySelector('[role="log"]'), { subtree: true, childList: true, characterData: true })
}
"""


@pytest.fixture
def settings() -> dict[str, Any]:
    """A third message in a minute is one too many."""
    return {"rate_limit_per_minute": 2}


async def axe(page: Page) -> list[str]:
    """Every violation of every rule, best practices too: `rule: the elements`.

    While one writes, the edges step back until a pointer or the focus comes near: their contrast is looked at before.
    """
    assert AXE.is_file(), "axe-core is not there: run `make page`"
    if await page.evaluate("() => !window.axe"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(
        """async () => {
          // What is on its way in is judged where it arrives; what breathes for ever and what has yet to go,
          // as it is.
          const moving = () => document.getAnimations().filter(({ playState, effect }) => {
            const { endTime, progress } = effect.getComputedTiming()
            return playState === 'running' && endTime < Infinity && progress !== null
          })
          const judge = async () => {
            moving().forEach((each) => each.finish())
            const { violations } = await window.axe.run(document, { resultTypes: ['violations'] })
            return violations
          }
          let violations = await judge()
          // A chip or a notice that came while axe looked was judged half faded in: look again.
          for (let more = 0; more < 4 && moving().length > 0; more += 1) violations = await judge()
          const faded = (id, { target }) => id === 'color-contrast' &&
            document.querySelector(target[0])?.closest('[data-talking] :is(.edge, .chips)')
          return violations.flatMap(({ id, nodes }) => nodes
            .filter((node) => !faded(id, node)).map(({ html }) => `${id}: ${html.slice(0, 200)}`))
        }"""
    )
    return found


async def empty(page: Page, other: Page, server: Server) -> None:
    await other.close()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "1")


async def talk(page: Page, other: Page, server: Server) -> None:
    await say(other, 300, 250, "is anyone there?")
    await say(page, 500, 450, "yes, here")
    await page.keyboard.type("and here a draft")
    await until_seen(page, "is anyone there?")


async def somebody_outside(page: Page, other: Page, server: Server) -> None:
    await other.mouse.wheel(8000, 0)
    await say(other, 300, 250, "far away")
    await page.get_by_test_id("chip").wait_for()


async def refused(page: Page, other: Page, server: Server) -> None:
    for n in range(3):
        await say(page, 300, 150 + n * 70, f"line {n}")
    await page.get_by_test_id("unsent").wait_for()


async def people(page: Page, other: Page, server: Server) -> None:
    await say(other, 600, 500, "so that there is a place to go to")
    await until_seen(page, "so that there is a place to go to")
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("roster").wait_for()


async def following(page: Page, other: Page, server: Server) -> None:
    await people(page, other, server)
    await page.get_by_test_id("follow").click()
    await page.get_by_test_id("following").wait_for()


async def preferences(page: Page, other: Page, server: Server) -> None:
    await run_command(page, "settings")
    await page.get_by_test_id("settings-panel").wait_for()


async def keys(page: Page, other: Page, server: Server) -> None:
    await run_command(page, "keys")
    await page.get_by_test_id("help-panel").wait_for()


async def share(page: Page, other: Page, server: Server) -> None:
    await run_command(page, "share")
    await page.get_by_test_id("share-panel").wait_for()


async def channels(page: Page, other: Page, server: Server) -> None:
    await run_command(page, "other channels")
    await page.get_by_test_id("channels-panel").wait_for()


async def landmarks(page: Page, other: Page, server: Server) -> None:
    await empty(page, other, server)
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("claim").click()
    await page.get_by_test_id("landmark-name").fill("camp fire")
    await page.get_by_test_id("landmark-add").click()
    await page.get_by_test_id("landmark-row").wait_for()
    await page.get_by_test_id("landmark").locator("bdi").wait_for()


async def starred(page: Page, other: Page, server: Server) -> None:
    await landmarks(page, other, server)
    await page.keyboard.press("Escape")
    await page.get_by_test_id("channels").click()
    await page.get_by_test_id("star-this").click()
    await page.get_by_test_id("arrivals").wait_for()


async def mentioned(page: Page, other: Page, server: Server) -> None:
    await page.get_by_test_id("people").click()
    name = await page.get_by_test_id("your-name").input_value()
    await page.keyboard.press("Escape")
    await say(other, 300, 250, f"@{name}, are you there?")
    await page.get_by_test_id("glow").wait_for()
    await page.mouse.click(500, 450)
    await page.keyboard.type("yes, @")
    await page.get_by_test_id("names").wait_for()
    await page.keyboard.press("ArrowDown")


async def start(page: Page, other: Page, server: Server) -> None:
    await page.goto(server.url("/"))
    await page.get_by_test_id("new-channel").wait_for()


async def lost(page: Page, other: Page, server: Server) -> None:
    await server.stop()
    await page.get_by_test_id("now").wait_for()
    await say(page, 300, 300, "into the dark")


async def invalid(page: Page, other: Page, server: Server) -> None:
    await page.goto(server.url("/c/no%20such%20place"))
    await page.get_by_test_id("not-found").wait_for()


View = Callable[[Page, Page, Server], Awaitable[None]]
VIEWS: tuple[View, ...] = (
    empty, talk, somebody_outside, refused, people, following, preferences, keys,
    share, channels, landmarks, starred, mentioned, start, lost, invalid,
)  # fmt: skip


async def parts(page: Page) -> set[str]:
    """What is on the page, by `data-testid`."""
    return set(
        await page.evaluate("() => [...document.querySelectorAll('[data-testid]')].map((e) => e.dataset.testid)")
    )


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
async def test_axe_finds_nothing(visit: Visit, server: Server, view: View) -> None:
    page, other = await visit(color_scheme="light"), await visit()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    await view(page, other, server)
    shown = await parts(page)
    found = {"light": await axe(page)}
    # The same view in the other theme, which the page takes at once (test_theme.py).
    await page.emulate_media(color_scheme="dark")
    found["dark"] = await axe(page)
    assert found == {"light": [], "dark": []}
    assert shown <= await parts(page), "the view did not stay until both themes were looked at"


@pytest.mark.parametrize("locale", ["de", "es", "ar"])
async def test_axe_finds_nothing_in_other_languages(visit: Visit, server: Server, locale: str) -> None:
    page, other = await visit(locale=locale), await visit()
    await talk(page, other, server)
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_test_id("help").click()
    await page.get_by_test_id("help-panel").wait_for()
    assert await axe(page) == []


async def test_axe_would_find_something(visit: Visit) -> None:
    """The check itself can fail: a control without a name is found."""
    page = await visit()
    await page.evaluate("() => document.querySelector('.page').append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in await axe(page))


async def test_axe_would_find_what_is_pale_in_the_dark_only(visit: Visit) -> None:
    """A page that changes its theme is judged by the colours it then has."""
    page = await visit(color_scheme="light")
    await page.evaluate(
        """() => {
          const text = document.createElement('p')
          text.textContent = 'Too pale'
          text.style = 'position: fixed; inset: 40% 40% auto; z-index: 99; color: #444;'
            + 'background: light-dark(#fff, #333)'
          document.querySelector('.page').append(text)
        }"""
    )
    assert not [found for found in await axe(page) if found.startswith("color-contrast")]
    await page.emulate_media(color_scheme="dark")
    assert [found for found in await axe(page) if found.startswith("color-contrast")]


async def test_finished_messages_are_told_once_with_where_they_hang_and_nothing_else_is(visit: Visit) -> None:
    ann, bob, cat = await visit(), await visit(), await visit()
    await cat.mouse.wheel(1600, 0)
    await ann.evaluate(_LOG)
    await bob.mouse.move(300, 300)
    await bob.mouse.move(400, 300)
    await say(bob, 300, 300, "in view")
    await until_seen(ann, "in view")
    await say(cat, 500, 350, "over here")
    await ann.wait_for_function("() => window.told.length >= 2")
    # The view moves, people leave: what was told is not told again.
    await ann.mouse.wheel(300, 0)
    await bob.close()
    await say(ann, 500, 350, "mine")
    await ann.wait_for_function("() => window.told.some((line) => line.endsWith(': mine'))")
    told = await ann.evaluate("() => window.told")
    assert len(told) == 3, told
    assert told[0].endswith(": in view")
    assert "," not in told[0]
    assert told[1].endswith(", to the right: over here")
    assert told[2] == "you: mine"


async def test_far_above_is_said_so(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await bob.mouse.wheel(0, -9000)
    await ann.evaluate(_LOG)
    await say(bob, 500, 350, "up here")
    await ann.wait_for_function("() => window.told.some((line) => line.endsWith(', far above: up here'))")


async def test_there_is_one_log_and_drafts_and_pointers_are_hidden_from_it(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await bob.mouse.move(200, 200)
    await bob.mouse.click(300, 300)
    await bob.keyboard.type("not yet said")
    await expect(ann.get_by_test_id("draft")).to_contain_text("not yet said")
    await expect(ann.locator('[role="log"]')).to_have_count(1)
    tree = await ann.locator("body").aria_snapshot()
    assert "not yet said" not in tree
    assert "log" in tree


@pytest.mark.parametrize(("motion", "flies"), [("no-preference", True), ("reduce", False)])
async def test_reduced_motion_takes_flight_away(visit: Visit, motion: Any, flies: bool) -> None:
    ann = await visit(reduced_motion=motion)
    await ann.mouse.wheel(9000, 0)
    await ann.evaluate(
        """() => {
          window.steps = new Set()
          const world = document.querySelector('[data-testid="world"]')
          new MutationObserver(() => window.steps.add(world.style.transform))
            .observe(world, { attributes: true, attributeFilter: ['style'] })
        }"""
    )
    await ann.keyboard.press("Home")
    await ann.wait_for_function(
        """() => {
          const { e, f } = new DOMMatrix(document.querySelector('[data-testid="world"]').style.transform)
          return e === 500 && f === 350
        }"""
    )
    steps = await ann.evaluate("() => window.steps.size")
    assert steps > 3 if flies else steps == 1


@pytest.mark.parametrize(("motion", "drifts"), [("no-preference", True), ("reduce", False)])
async def test_reduced_motion_takes_drift_away(visit: Visit, server: Server, motion: Any, drifts: bool) -> None:
    ann, bob = await visit(reduced_motion=motion), await visit()
    await ann.evaluate(
        """() => {
          window.drifts = false
          const look = () => {
            for (const each of document.querySelectorAll('[data-testid="message"] .message-body')) {
              const { translate } = getComputedStyle(each)
              if (/[1-9]/.test(translate)) window.drifts = true
            }
            requestAnimationFrame(look)
          }
          look()
        }"""
    )
    await say(bob, 500, 350, "soon gone")
    await until_seen(ann, "soon gone")
    # The last part of its life, an animation, is played in real time.
    await server.pass_time(LIFE_S - 5, ann)
    await expect(ann.get_by_test_id("message")).to_have_count(0)
    assert await ann.evaluate("() => window.drifts") is drifts
