"""The start page: what it shows, the ways in, and that its people are nobody."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Server, Visit

NAME = re.compile(r"/c/[a-z]+-[a-z]+-[2-9a-z]{5}$")


async def start(visit: Visit, path: str = "/", **options: object) -> Page:
    page = await visit(path, live=False, **options)
    await page.get_by_test_id("start").wait_for()
    return page


# --- the ways in ---


async def test_one_press_makes_a_new_channel_and_each_is_another(visit: Visit, server: Server) -> None:
    seen = set()
    ann = await visit("/health", live=False)
    for _ in range(3):
        await ann.goto(server.url("/"))
        await ann.get_by_test_id("new-channel").click()
        await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
        assert NAME.search(ann.url)
        seen.add(ann.url)
    assert len(seen) == 3


async def test_back_on_the_start_page_the_next_channel_is_a_new_one(visit: Visit) -> None:
    ann = await start(visit)
    link = ann.get_by_test_id("new-channel")
    first = await link.get_attribute("href")
    assert first is not None
    await link.click()
    await expect(ann.get_by_test_id("channel")).to_have_text(first.removeprefix("/c/"))
    await ann.wait_for_function("() => localStorage['asocial.recent'] !== undefined")
    await ann.go_back()
    await expect(link).not_to_have_attribute("href", first)
    await expect(ann.get_by_test_id("recent")).to_contain_text(first.removeprefix("/c/"))


async def test_a_channel_is_joined_by_name_or_by_a_pasted_link(
    visit: Visit, server: Server, subtests: pytest.Subtests
) -> None:
    ann = await visit("/health", live=False)
    for typed, channel, view in (
        ("garden", "garden", "100%"),
        ("  garden ", "garden", "100%"),
        (server.url("/c/kitchen#40,40,2"), "kitchen", "200%"),
    ):
        with subtests.test(typed.rpartition("/")[2]):
            await ann.goto(server.url("/"))
            await ann.get_by_test_id("join-name").fill(typed)
            await ann.keyboard.press("Enter")
            await expect(ann.get_by_test_id("channel")).to_have_text(channel)
            await expect(ann.get_by_test_id("zoom")).to_contain_text(view)


async def test_what_cannot_be_joined_is_explained(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await start(visit)
    why, name = ann.get_by_test_id("join-why"), ann.get_by_test_id("join-name")
    with subtests.test("without a name it says what is missing and goes to the field"):
        await ann.get_by_test_id("join").click()
        await expect(why).to_contain_text("the name of a channel")
        await expect(name).to_be_focused()
        await expect(name).to_have_attribute("aria-invalid", "true")
        await name.fill("庭")
        await ann.get_by_test_id("join").click()
        await expect(why).to_contain_text("1 to 64")
        await expect(ann.get_by_test_id("nearest")).to_have_count(0)
    await ann.reload()
    with subtests.test("for a name that cannot be, the nearest is offered"):
        await name.fill("my garden!")
        await expect(why).to_have_text("")
        await ann.get_by_test_id("join").click()
        await expect(why).to_contain_text("1 to 64 letters a to z, digits, dashes or underscores")
        await expect(name).to_have_attribute("aria-invalid", "true")
        assert ann.url.endswith("/")
        await ann.get_by_test_id("nearest").click()
        await expect(ann.get_by_test_id("channel")).to_have_text("my-garden")


async def test_channels_of_late_are_listed_and_forgotten(visit: Visit, server: Server) -> None:
    ann = await visit("/c/garden")
    await ann.wait_for_function("() => localStorage['asocial.recent']?.includes('garden')")
    await ann.goto(server.url("/"))
    await expect(ann.get_by_test_id("recent")).to_have_text(["gardennow"])
    await ann.get_by_test_id("forget").click()
    await expect(ann.get_by_test_id("recents")).to_have_count(0)
    await ann.reload()
    await ann.get_by_test_id("start").wait_for()
    await expect(ann.get_by_test_id("recents")).to_have_count(0)


async def test_an_installed_asocial_opens_a_new_channel_from_its_menu(visit: Visit) -> None:
    ann = await visit("/#new")
    assert NAME.search(ann.url)


async def test_a_forbidden_storage_is_no_obstacle_here_either(visit: Visit, server: Server) -> None:
    ann = await visit("/health", live=False)
    await ann.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    await ann.goto(server.url("/"))
    await ann.get_by_test_id("new-channel").click()
    await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")


# --- the demonstration ---

DRAFT = '[data-testid="demo"] [data-testid="draft"] .words'
SAID = '[data-testid="demo"] [data-testid="message"] .words'


async def test_words_form_letter_by_letter_are_said_and_go_without_a_network(visit: Visit) -> None:
    ann = await start(visit)
    asked: list[str] = []
    ann.on("websocket", lambda socket: asked.append(socket.url))
    draft = ann.locator(DRAFT).first
    await draft.wait_for(state="attached")
    early = await draft.inner_text()
    await ann.wait_for_function(
        "([selector, early]) => document.querySelector(selector)?.textContent.length > early.length", arg=[DRAFT, early]
    )
    said = ann.locator(SAID).filter(has_text="is it raining")
    await said.wait_for(state="attached")
    await said.wait_for(state="detached")
    assert asked == []


async def test_its_people_are_not_told_as_people_and_cannot_be_reached(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await start(visit)
    with subtests.test("keys reach the ways in and nothing of the demonstration"):
        reached = []
        for _ in range(5):
            await ann.keyboard.press("Tab")
            reached.append(await ann.evaluate("() => document.activeElement.dataset.testid ?? 'elsewhere'"))
        assert reached[:4] == ["rest", "new-channel", "join-name", "join"]
    await ann.locator(SAID).first.wait_for(state="attached")
    tree = await ann.locator("body").aria_snapshot()
    assert "raining" not in tree
    assert "Mira" not in tree
    assert "A canvas you talk on." in tree
    assert "Open a new channel" in tree
    assert await ann.locator('[data-testid="demo"]').evaluate("(demo) => demo.inert && demo.ariaHidden === 'true'")
    assert await ann.locator("[role=log], [aria-live]").count() == 0


async def test_it_rests_while_nobody_looks_and_when_asked_to(visit: Visit) -> None:
    ann = await start(visit)
    await ann.locator(DRAFT).first.wait_for(state="attached")
    await ann.evaluate(
        """() => {
          Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))
          window.grown = 0
          const grew = ({ type, addedNodes }) => type === 'characterData' || addedNodes.length > 0
          new MutationObserver((changes) => {
            window.grown += changes.filter(grew).length
          }).observe(document.querySelector('[data-testid=demo] .world'),
            { subtree: true, childList: true, characterData: true })
        }"""
    )
    await ann.locator(DRAFT).first.wait_for(state="detached")
    assert await ann.evaluate("() => window.grown") == 0
    await ann.evaluate(
        """() => {
          delete document.visibilityState
          document.dispatchEvent(new Event('visibilitychange'))
        }"""
    )
    await ann.wait_for_function("() => window.grown > 3")
    await ann.get_by_test_id("rest").click()
    await expect(ann.get_by_test_id("rest")).to_have_attribute("aria-pressed", "true")
    await ann.evaluate("() => { window.grown = 0 }")
    await expect(ann.locator(f"{DRAFT}, {SAID}")).to_have_count(0)
    assert await ann.evaluate("() => window.grown") == 0


async def test_who_wants_no_motion_sees_a_moment_that_stands_still(visit: Visit) -> None:
    ann = await start(visit, reduced_motion="reduce")
    await expect(ann.locator(SAID)).to_have_count(3)
    await expect(ann.get_by_test_id("rest")).to_have_count(0)
    moving = """() => document.getAnimations().filter(({ playState, effect }) =>
        playState === 'running' && effect.getComputedTiming().duration > 400).length"""
    await ann.wait_for_function(f"() => ({moving})() === 0")
    overlapping = await ann.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll('[data-testid=demo] p.words, .start-foot h1')]
            .map((each) => each.getBoundingClientRect())
          return boxes.some((a, i) => boxes.some((b, j) => i < j &&
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
        }"""
    )
    assert not overlapping
    await ann.emulate_media(reduced_motion="no-preference")
    await expect(ann.locator(SAID)).to_have_count(0)
    await ann.locator(DRAFT).first.wait_for(state="attached")


@pytest.mark.parametrize(
    ("touch", "sizes"), [(True, [(320, 568), (375, 667), (667, 375), (820, 1180)]), (False, [(1440, 900)])]
)
async def test_it_fits_every_screen_and_finger(
    visit: Visit, server: Server, subtests: pytest.Subtests, touch: bool, sizes: list[tuple[int, int]]
) -> None:
    ann = await visit(
        "/health",
        live=False,
        viewport=dict(zip(("width", "height"), sizes[0], strict=True)),
        has_touch=touch,
        is_mobile=touch,
    )
    visits = ",".join(f'{{"channel":"a-channel-of-late-{n}","at":{n}}}' for n in range(8))
    await ann.evaluate("(kept) => localStorage.setItem('asocial.recent', kept)", f"[{visits}]")
    await ann.goto(server.url("/"))
    recent = ann.get_by_test_id("recent")
    for width, height in sizes:
        await ann.set_viewport_size({"width": width, "height": height})
        with subtests.test(width=width, height=height):
            await expect(recent).to_have_count(8)
            assert await ann.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            for control in ("new-channel", "join-name", "join"):
                await expect(ann.get_by_test_id(control)).to_be_in_viewport(ratio=1)
            if touch:
                small = await ann.evaluate(
                    """() => [...document.querySelectorAll('button, a, input')].filter((each) => {
                      const { width, height } = each.getBoundingClientRect()
                      return width > 0 && (width < 44 || height < 44)
                    }).map((each) => each.outerHTML.slice(0, 120))"""
                )
                assert small == []
    for width, height in sizes:
        await ann.set_viewport_size({"width": width, "height": height})
        with subtests.test("the last channel can be forgotten", width=width, height=height):
            count = await recent.count()
            forget = ann.get_by_test_id("forget").last
            await forget.scroll_into_view_if_needed()
            await forget.click()
            await expect(recent).to_have_count(count - 1)


async def test_a_channel_without_a_name_in_the_wire_stays_the_default_one(visit: Visit, join: Join) -> None:
    ann, bob = await visit("/c/default"), await join(None)
    assert bob.sync["channel_id"] == "default"
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
