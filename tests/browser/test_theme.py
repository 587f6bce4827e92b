"""Light or dark, as chosen in the settings: before the first paint, in every tab, on every page, and light on paper."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asocial_client.sealed.link import SealedLink
from playwright.async_api import Browser, Page, expect

from asocial.domain.palette import SHADES
from tests.support.waiting import eventually_is

from .conftest import Join, Server, Visit
from .watch import open_menu, say

LIGHT, DARK = "rgb(227, 234, 234)", "rgb(15, 23, 26)"
GROUND = "() => getComputedStyle(document.documentElement).backgroundColor"
THEME_COLOR = """() => [...document.querySelectorAll('meta[name=theme-color]')]
  .filter(({ media }) => matchMedia(media).matches).map(({ content }) => content)"""
# The colour of the ground whenever the browser could have painted.
WATCH = """
window.grounds = []
const look = () => {
  if (document.styleSheets.length) grounds.push(getComputedStyle(document.documentElement).backgroundColor)
  requestAnimationFrame(look)
}
requestAnimationFrame(look)
"""


async def ground(page: Page) -> str:
    found: str = await page.evaluate(GROUND)
    return found


async def choose(page: Page, label: str) -> None:
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("setting-theme").select_option(label=label)
    await page.keyboard.press("Escape")


async def test_a_theme_holds_at_once_after_a_reload_and_in_the_other_tabs(visit: Visit, server: Server) -> None:
    ann = await visit(color_scheme="light")
    assert await ground(ann) == LIGHT
    start = await ann.context.new_page()
    await start.goto(server.url("/"))
    await choose(ann, "dark")
    for page in (ann, start):
        await page.wait_for_function(f"() => ({GROUND})() === '{DARK}'")
        assert await page.evaluate(THEME_COLOR) == ["#0f171a"]
    await ann.add_init_script(WATCH)
    await ann.reload()
    await expect(ann.get_by_test_id("plane")).to_be_visible()
    assert set(await ann.evaluate("() => window.grounds")) == {DARK}
    # What is drawn on a canvas too.
    assert await ann.evaluate("() => getComputedStyle(document.querySelector('.grid-dots')).color") == (
        "rgb(42, 57, 62)"
    )
    await choose(ann, "same as the device")
    for page in (ann, start):
        await page.wait_for_function(f"() => ({GROUND})() === '{LIGHT}'")
        assert await page.evaluate(THEME_COLOR) == ["#e3eaea"]
    await ann.emulate_media(color_scheme="dark")
    assert await ground(ann) == DARK


@pytest.mark.parametrize(("device", "theme", "ground_color"), [("dark", "light", LIGHT), ("light", "dark", DARK)])
async def test_every_page_has_the_theme_from_its_first_paint(
    server: Server, browser: Browser, subtests: pytest.Subtests, device: Any, theme: str, ground_color: str
) -> None:
    context = await browser.new_context(color_scheme=device)
    settings = json.dumps({"theme": theme})
    await context.add_init_script(f"localStorage.setItem('asocial.settings', '{settings}')")
    # The page's own script is slow: the colour must not wait for it.
    await context.route("**/assets/index-*.js", lambda route: None)
    for path in ("/", "/c/garden", "/c/no%20such%20name", "/offline.html"):
        with subtests.test(path):
            page = await context.new_page()
            await page.goto(server.url(path), wait_until="commit")
            await page.wait_for_function(f"() => document.styleSheets.length && ({GROUND})() === '{ground_color}'")
            await page.close()
    await context.close()


async def test_without_a_choice_nothing_is_set_and_paper_is_light(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit(color_scheme="dark")
    with subtests.test("without a choice nothing is set"):
        assert await ground(ann) == DARK
        assert await ann.evaluate("() => document.documentElement.getAttribute('style') ?? ''") != "color-scheme"
        assert await ann.evaluate("() => document.documentElement.style.colorScheme") == ""
        assert await ann.evaluate("() => localStorage.getItem('asocial.settings')") is None
    with subtests.test("paper is light"):
        await ann.emulate_media(color_scheme="light")
        await choose(ann, "dark")
        assert await ground(ann) == DARK
        await ann.emulate_media(media="print")
        assert await ground(ann) == LIGHT


async def test_a_theme_holds_where_storage_is_forbidden_and_the_script_is_lost(visit: Visit, server: Server) -> None:
    ann = await visit("/health", live=False, color_scheme="light")
    await ann.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    await ann.route("**/assets/theme-*.js", lambda route: route.fulfill(body=""))
    await ann.goto(server.url("/c/garden"))
    await ann.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    assert await ground(ann) == LIGHT
    await choose(ann, "dark")
    assert await ground(ann) == DARK


# --- Colours that the system forces (Windows: high contrast) ---

FILL = "(it) => getComputedStyle(it).backgroundColor"
EDGE = """(it) => {
  const { borderTopWidth, borderTopStyle, borderTopColor, backgroundColor } = getComputedStyle(it)
  return [borderTopWidth, borderTopStyle, borderTopColor !== backgroundColor]
}"""


async def expect_an_edge(page: Page, test_id: str) -> None:
    panel = page.get_by_test_id(test_id)
    await expect(panel).to_be_visible()
    assert await panel.evaluate(EDGE) == ["1px", "solid", True], test_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_forced_colours_leave_peoples_colours_and_give_panels_an_edge(
    visit: Visit, join: Join, scheme: Any
) -> None:
    ann, bob = await visit(color_scheme=scheme, forced_colors="active"), await join(color="plum")
    shades = [pair[scheme == "dark"] for pair in SHADES.values()]
    colors = [f"rgb({', '.join(str(int(shade[at : at + 2], 16)) for at in (1, 3, 5))})" for shade in shades]
    plum = colors[list(SHADES).index("plum")]
    await bob.cursor((40, 30))
    await expect(ann.locator(".cursor i")).to_have_css("background-color", plum)
    await ann.get_by_test_id("people").click()
    await expect_an_edge(ann, "roster")
    swatches = ann.get_by_role("radio").locator("i")
    assert await swatches.evaluate_all(f"(all) => all.map({FILL})") == colors
    await ann.get_by_test_id("color-teal").click()
    await expect(ann.get_by_test_id("color-teal")).to_have_attribute("aria-checked", "true")
    marked = await swatches.evaluate_all("(all) => all.map((it) => getComputedStyle(it).boxShadow !== 'none')")
    assert marked == [name == "teal" for name in SHADES]
    teal = colors[list(SHADES).index("teal")]
    await expect(ann.get_by_test_id("self").locator("label i")).to_have_css("background-color", teal)
    await expect(ann.get_by_test_id("person").locator("i")).to_have_css("background-color", plum)
    circles = ann.get_by_test_id("people").locator("i")
    await eventually_is(lambda: circles.evaluate_all(f"(all) => all.map({FILL}).sort()"), sorted([plum, teal]))
    await ann.keyboard.press("Escape")
    connection = await ann.get_by_test_id("connection").locator("i").evaluate(FILL)
    assert connection != await ann.locator("body").evaluate(FILL)
    await ann.get_by_test_id("history").click()
    await expect_an_edge(ann, "history-panel")
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("settings").click()
    await expect_an_edge(ann, "settings-panel")
    await ann.keyboard.press("Escape")
    await ann.mouse.click(300, 500)
    await ann.keyboard.type("not sent")
    await ann.keyboard.press("Escape")
    await expect_an_edge(ann, "toast")


# What stands out from the ground by its colour alone, and not within another such surface: it is marked.
MARK_SURFACES = """() => {
  const style = getComputedStyle(document.documentElement)
  const probe = document.body.appendChild(document.createElement('i'))
  const colours = ['--backdrop', '--ink'].map((name) => {
    probe.style.background = `var(${name})`
    return getComputedStyle(probe).backgroundColor
  })
  probe.remove()
  for (const each of document.querySelectorAll('[data-surface]')) delete each.dataset.surface
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility({ visibilityProperty: true }) || each.parentElement.closest('[data-surface]')) continue
    // The colour of a control that opened a panel, or has the pointer on it, is not where it ends.
    if (each.matches('[aria-expanded], .control:hover')) continue
    if (colours.includes(getComputedStyle(each).backgroundColor)) each.dataset.surface = ''
  }
}"""
EDGELESS = """() => [...document.querySelectorAll('[data-surface]')]
  .filter((each) => {
    const { borderTopWidth, borderTopStyle, outlineStyle } = getComputedStyle(each)
    return (borderTopWidth === '0px' || borderTopStyle === 'none') && outlineStyle === 'none'
  })
  .map((each) => each.dataset.testid ?? each.className)"""


async def edgeless(page: Page) -> list[str]:
    """The surfaces that have no edge where the system forces its colours."""
    await page.evaluate(MARK_SURFACES)
    assert await page.locator("[data-surface]").count() > 0
    await page.emulate_media(forced_colors="active")
    found: list[str] = await page.evaluate(EDGELESS)
    await page.emulate_media(forced_colors="none")
    return found


async def test_with_forced_colours_every_surface_has_an_edge(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    ann = await visit("/", live=False)
    with subtests.test("the start page"):
        await expect(ann.get_by_test_id("new-channel")).to_be_visible()
        assert await edgeless(ann) == []
    await ann.goto(server.url("/c/garden"))
    await say(ann, 500, 200, "is anybody here?")
    with subtests.test("the invitation"):
        await expect(ann.get_by_test_id("copy-invitation")).to_be_visible()
        assert await edgeless(ann) == []
    bob = await join()
    await bob.chat("hello", at=(-200, 100))
    await bob.chat("far away", at=(5_000, 0))
    for width in (1000, 390):
        await ann.set_viewport_size({"width": width, "height": 700})
        with subtests.test("the menu of a message", width=width):
            await open_menu(ann, "hello")
            assert await edgeless(ann) == []
            await ann.keyboard.press("Escape")
        with subtests.test("reactions", width=width):
            await ann.get_by_test_id("react").click()
            await expect(ann.get_by_test_id("palette")).to_be_visible()
            assert await edgeless(ann) == []
            await ann.keyboard.press("Escape")
        for panel in ("people", "share", "channels"):
            with subtests.test(panel, width=width):
                await ann.get_by_test_id(panel).click()
                await expect(ann.locator(".panel")).to_be_visible()
                assert await edgeless(ann) == []
                await ann.keyboard.press("Escape")
        for panel in ("history", "settings", "help"):
            with subtests.test(panel, width=width):
                if width < 560:
                    await ann.get_by_test_id("tools").click()
                    assert await edgeless(ann) == []
                await ann.get_by_test_id(panel).click()
                await expect(ann.locator(".panel")).to_be_visible()
                assert await edgeless(ann) == []
                await ann.keyboard.press("Escape")
    with subtests.test("a part that is missing"):
        cat = await visit(service_workers="block")
        await cat.route("**/assets/Commands-*", lambda route: route.abort("internetdisconnected"))
        await cat.keyboard.press("Control+k")
        await expect(cat.get_by_test_id("incomplete")).to_be_visible()
        assert await edgeless(cat) == []
    with subtests.test("a connection that was closed for good"):
        await ann.goto(server.url(f"/c/{SealedLink.new('garden').channel}"))
        await expect(ann.get_by_test_id("ended")).to_be_visible()
        assert await edgeless(ann) == []
