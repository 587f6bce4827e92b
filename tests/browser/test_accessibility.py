"""Without sight: what a screen reader is told, and what axe-core finds on every view in both themes: nothing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

from tests.support.client import Client

from .conftest import LIFE_S, Join, Server, Visit
from .test_owners import switch
from .test_strokes import press_and_draw, release
from .watch import late_regions, run_command, say, until_seen, watch_regions

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


async def empty(page: Page, other: Client, server: Server) -> None:
    await other.close()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "1")


async def talk(page: Page, other: Client, server: Server) -> None:
    await other.chat("is anyone there?", at=(-200, -100))
    await say(page, 500, 450, "yes, here")
    await page.keyboard.type("and here a draft")
    await until_seen(page, "is anyone there?")


async def somebody_outside(page: Page, other: Client, server: Server) -> None:
    await other.chat("far away", at=(7800, -100))
    await page.get_by_test_id("chip").wait_for()


async def refused(page: Page, other: Client, server: Server) -> None:
    for n in range(3):
        await say(page, 300, 150 + n * 70, f"line {n}")
    await page.get_by_test_id("unsent").wait_for()


async def people(page: Page, other: Client, server: Server) -> None:
    await other.chat("so that there is a place to go to", at=(100, 150))
    await until_seen(page, "so that there is a place to go to")
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("roster").wait_for()


async def following(page: Page, other: Client, server: Server) -> None:
    await people(page, other, server)
    await page.get_by_test_id("follow").click()
    await page.get_by_test_id("following").wait_for()


async def preferences(page: Page, other: Client, server: Server) -> None:
    await run_command(page, "settings")
    await page.get_by_test_id("settings-panel").wait_for()


async def keys(page: Page, other: Client, server: Server) -> None:
    await run_command(page, "keys")
    await page.get_by_test_id("help-panel").wait_for()


async def share(page: Page, other: Client, server: Server) -> None:
    await run_command(page, "share")
    await page.get_by_test_id("share-panel").wait_for()


async def channels(page: Page, other: Client, server: Server) -> None:
    await run_command(page, "other channels")
    await page.get_by_test_id("channels-panel").wait_for()


async def landmarks(page: Page, other: Client, server: Server) -> None:
    """Once nobody else is there."""
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("claim").click()
    await page.get_by_test_id("landmark-name").fill("camp fire")
    await page.get_by_test_id("landmark-add").click()
    await page.get_by_test_id("landmark-row").wait_for()
    await page.get_by_test_id("landmark").locator("bdi").wait_for()


async def starred(page: Page, other: Client, server: Server) -> None:
    """Beside the landmark."""
    await page.get_by_test_id("channels").click()
    await page.get_by_test_id("star-this").click()
    await page.get_by_test_id("arrivals").wait_for()


async def mentioned(page: Page, other: Client, server: Server) -> None:
    await page.get_by_test_id("people").click()
    name = await page.get_by_test_id("your-name").input_value()
    await page.keyboard.press("Escape")
    await other.chat(f"@{name}, are you there?", at=(-200, -100))
    await page.get_by_test_id("glow").wait_for()
    await page.mouse.click(500, 450)
    await page.keyboard.type("yes, @")
    await page.get_by_test_id("names").wait_for()
    await page.keyboard.press("ArrowDown")


async def start(page: Page, other: Client, server: Server) -> None:
    await page.goto(server.url("/"))
    await page.get_by_test_id("new-channel").wait_for()


async def lost(page: Page, other: Client, server: Server) -> None:
    await server.stop()
    await page.get_by_test_id("now").wait_for()
    await say(page, 300, 300, "into the dark")
    # After a few attempts the wait is long enough to look at it in both themes.
    await expect(page.get_by_test_id("connection")).to_contain_text(re.compile(r"Reconnecting in [4-9] s"))


async def invalid(page: Page, other: Client, server: Server) -> None:
    await page.goto(server.url("/c/no%20such%20place"))
    await page.get_by_test_id("not-found").wait_for()


View = Callable[[Page, Client, Server], Awaitable[None]]
VIEWS: dict[str, tuple[View, ...]] = {
    "alone": (empty, landmarks, starred, invalid, start),
    "panels": (people, following, preferences, keys, share, channels, lost),
    "words": (talk, somebody_outside, mentioned, refused),
}
"""Of one page, one after the other."""


async def put_away(page: Page, server: Server) -> None:
    """Close what the view before opened, and end its messages."""
    # A draft that Escape throws away would be offered again for a while. (Outside of a channel there is no caret.)
    for caret in await page.get_by_test_id("caret").all():
        await caret.fill("")
    for _ in range(2):
        await page.keyboard.press("Escape")
    await server.pass_time(LIFE_S, page)
    for left in ("message", "toast"):
        await expect(page.get_by_test_id(left)).to_have_count(0)


async def parts(page: Page) -> set[str]:
    """What is on the page, by `data-testid`."""
    return set(
        await page.evaluate("() => [...document.querySelectorAll('[data-testid]')].map((e) => e.dataset.testid)")
    )


@pytest.mark.parametrize("views", VIEWS)
async def test_axe_finds_nothing(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests, views: str
) -> None:
    page, other = await visit(), await join()
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    for number, view in enumerate(VIEWS[views]):
        with subtests.test(view.__name__):
            if number > 0:
                await put_away(page, server)
            await page.emulate_media(color_scheme="light")
            await view(page, other, server)
            shown = await parts(page)
            found = {"light": await axe(page)}
            # The same view in the other theme, which the page takes at once (test_theme.py).
            await page.emulate_media(color_scheme="dark")
            found["dark"] = await axe(page)
            assert found == {"light": [], "dark": []}
            assert shown <= await parts(page), "the view did not stay until both themes were looked at"


@pytest.mark.parametrize("locale", ["de", "ar", pytest.param("es", marks=pytest.mark.repeats)])
async def test_axe_finds_nothing_in_other_languages(visit: Visit, join: Join, server: Server, locale: str) -> None:
    page = await visit(locale=locale)
    await talk(page, await join(), server)
    assert await axe(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_test_id("help").click()
    await page.get_by_test_id("help-panel").wait_for()
    assert await axe(page) == []


async def test_axe_would_find_something(visit: Visit, subtests: pytest.Subtests) -> None:
    """The check itself can fail."""
    page = await visit(color_scheme="light")
    with subtests.test("what is pale in the dark only: a page that changes its theme is judged by its new colours"):
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
    with subtests.test("a control without a name"):
        await page.evaluate("() => document.querySelector('.page').append(document.createElement('button'))")
        assert any(found.startswith("button-name") for found in await axe(page))


async def test_finished_messages_are_told_once_with_where_they_hang_and_nothing_else_is(
    visit: Visit, join: Join
) -> None:
    ann, bob, cat = await visit(), await join(), await join()
    await ann.evaluate(_LOG)
    await bob.cursor((-200, -50))
    await bob.cursor((-100, -50))
    await bob.chat("in view", at=(-200, -50))
    await until_seen(ann, "in view")
    await cat.chat("over here", at=(1600, 0))
    await ann.wait_for_function("() => window.told.length >= 2")
    await cat.chat("up here", at=(0, -9000))
    await ann.wait_for_function("() => window.told.length >= 3")
    # The view moves, people leave: what was told is not told again.
    await ann.mouse.wheel(300, 0)
    await bob.close()
    await say(ann, 500, 350, "mine")
    await ann.wait_for_function("() => window.told.some((line) => line.endsWith(': mine'))")
    told = await ann.evaluate("() => window.told")
    assert len(told) == 4, told
    assert told[0].endswith(": in view")
    assert "," not in told[0]
    assert told[1].endswith(", to the right: over here")
    assert told[2].endswith(", far above: up here")
    assert told[3] == "you: mine"


async def test_there_is_one_log_and_drafts_and_pointers_are_hidden_from_it(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.cursor((-300, -150))
    await bob.typing("not yet said", message_id="draft", at=(-200, -50))
    await expect(ann.get_by_test_id("draft")).to_contain_text("not yet said")
    await expect(ann.locator('[role="log"]')).to_have_count(1)
    tree = await ann.locator("body").aria_snapshot()
    assert "not yet said" not in tree
    assert "log" in tree


MOTIONS: tuple[tuple[Literal["no-preference", "reduce"], bool], ...] = (("no-preference", True), ("reduce", False))


async def test_reduced_motion_takes_flight_away(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit()
    await ann.evaluate(
        """() => {
          const world = document.querySelector('[data-testid="world"]')
          new MutationObserver(() => window.steps.add(world.style.transform))
            .observe(world, { attributes: true, attributeFilter: ['style'] })
        }"""
    )
    for motion, flies in MOTIONS:
        with subtests.test(motion):
            await ann.emulate_media(reduced_motion=motion)
            await ann.evaluate("() => { window.steps = new Set() }")
            await ann.mouse.wheel(9000, 0)
            await ann.wait_for_function("() => window.steps.size > 0")
            await ann.evaluate("() => { window.steps = new Set() }")
            await ann.keyboard.press("Home")
            await ann.wait_for_function(
                """() => {
                  const { e, f } = new DOMMatrix(document.querySelector('[data-testid="world"]').style.transform)
                  return e === 500 && f === 350
                }"""
            )
            steps = await ann.evaluate("() => window.steps.size")
            assert steps > 3 if flies else steps == 1


async def test_reduced_motion_takes_drift_away(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    ann, bob = await visit(), await join()
    await ann.evaluate(
        """() => {
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
    for motion, drifts in MOTIONS:
        with subtests.test(motion):
            await ann.emulate_media(reduced_motion=motion)
            await ann.evaluate("() => { window.drifts = false }")
            await bob.chat("soon gone")
            await until_seen(ann, "soon gone")
            # The last part of its life, an animation, is played in real time.
            await server.pass_time(LIFE_S - 5, ann)
            await expect(ann.get_by_test_id("message")).to_have_count(0)
            assert await ann.evaluate("() => window.drifts") is drifts


async def test_every_region_is_there_before_what_it_announces(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    ann, first = await visit(), await join()
    [ann_id] = {user["user_id"] for user in first.sync["users"]} - {first.user_id}
    await first.close()
    await watch_regions(ann)

    def said(text: str) -> Awaitable[None]:
        regions = ann.locator("[role=status], [role=log]").filter(has_text=text)
        return expect(regions.first).to_be_attached()

    with subtests.test("somebody comes, and follows you"):
        await join(name="Bob")
        await said("Bob is here")
        cat = await join(name="Cat")
        await cat.follow(ann_id)
        await said("follows you")
        # While the panel is open, and afterwards.
        await ann.get_by_test_id("people").click()
        await join(name="Dan")
        await said("Dan")
        await ann.get_by_test_id("people").click()
        assert await late_regions(ann) == []
    with subtests.test("you follow, mention and search"):
        await ann.get_by_test_id("people").click()
        await ann.get_by_test_id("follow").first.click()
        await said("Following")
        await ann.keyboard.press("Escape")
        await ann.mouse.click(300, 300)
        await ann.keyboard.type("@Bo")
        await said("1 name")
        await ann.keyboard.press("Escape")
        await ann.keyboard.press("Escape")
        await said("Draft discarded")
        await ann.keyboard.press("Control+k")
        await expect(ann.get_by_test_id("command")).to_be_focused()
        await ann.keyboard.type("no such command")
        await said("There is no such command")
        await ann.keyboard.press("Escape")
        await ann.get_by_test_id("history").click()
        await ann.get_by_test_id("history-search").fill("nothing")
        await ann.get_by_test_id("close-history").click()
        assert await late_regions(ann) == []
    with subtests.test("a stroke is refused"):
        for number in range(11):
            await press_and_draw(ann, (300, 200 + 20 * number), (420, 200 + 20 * number))
            await release(ann)
        await said("Too many")
        assert await late_regions(ann) == []
    # Another page, because here nobody can claim the channel while others are present.
    owner = await visit("/c/mine")
    await watch_regions(owner)
    with subtests.test("you own a channel, and invite"):
        await owner.get_by_test_id("people").click()
        await owner.get_by_test_id("claim").click()
        await switch(owner, "private")
        await owner.keyboard.press("Escape")
        await owner.get_by_test_id("share").click()
        await expect(owner.get_by_test_id("inviting")).to_be_visible()
        await owner.get_by_test_id("copy-link").click()
        assert await late_regions(owner) == []
    with subtests.test("no connection"):
        await server.stop()
        await ann.locator('[data-testid="connection"][data-state="waiting"]').wait_for()
        assert await late_regions(ann) == []
