"""Quiet and safe: what a visitor sets for themselves, kept in their browser and told to nobody."""

from __future__ import annotations

from playwright.async_api import Page, expect

from .conftest import Visit

PANEL = "settings-panel"


async def focused(page: Page) -> str | None:
    """The data-testid of what has the focus."""
    found: str | None = await page.evaluate("() => document.activeElement?.dataset.testid")
    return found


async def test_the_settings_take_the_focus_keep_it_and_give_it_back(visit: Visit) -> None:
    ann = await visit()
    control = ann.get_by_test_id("settings")
    await control.focus()
    await ann.keyboard.press("Enter")
    panel = ann.get_by_role("dialog", name="Settings")
    await expect(panel).to_be_focused()
    await expect(control).to_have_attribute("aria-expanded", "true")
    for _ in range(12):
        await ann.keyboard.press("Tab")
        assert await ann.evaluate(
            """() => document.activeElement === document.body
              || document.activeElement.closest('[data-testid="settings-panel"]') !== null"""
        )
    await ann.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    assert await focused(ann) == "settings"
    await expect(control).to_have_attribute("aria-expanded", "false")


async def test_a_key_opens_the_settings_and_a_press_beside_closes_them(visit: Visit) -> None:
    ann = await visit()
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press(",")
    await expect(ann.get_by_test_id(PANEL)).to_be_focused()
    # What is pressed in it, and typed over it, is none of the canvas's business.
    await ann.get_by_role("heading", name="Settings").click()
    await ann.keyboard.type("hm")
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    await ann.mouse.click(900, 100)
    await expect(ann.get_by_test_id(PANEL)).to_have_count(0)
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    assert await focused(ann) == "plane"


async def test_a_setting_is_kept_and_is_the_other_tabs_too(visit: Visit) -> None:
    ann = await visit()
    tab = await ann.context.new_page()
    await tab.goto(ann.url)
    for page in (ann, tab):
        await page.get_by_test_id("settings").click()
    life = ann.get_by_test_id("setting-lifeFactor")
    await life.select_option(label="3 times as long")
    await ann.get_by_label("Hide all pointers").check()
    await expect(tab.get_by_label("Hide all pointers")).to_be_checked()
    await expect(tab.get_by_test_id("setting-lifeFactor")).to_have_value("2")
    await tab.get_by_test_id("setting-lifeFactor").select_option(label="until put away")
    await expect(life).to_have_value("10")
    await ann.reload()
    await ann.get_by_test_id("settings").click()
    await expect(ann.get_by_label("Hide all pointers")).to_be_checked()
    await expect(ann.get_by_label("Messages stay")).to_have_value("10")
    await expect(ann.get_by_label("Others see you type")).to_be_checked()


async def test_settings_that_cannot_be_read_are_the_defaults(visit: Visit) -> None:
    ann = await visit()
    await ann.evaluate("() => localStorage.setItem('asocial.settings', '{\"onMap\":[],\"lifeFactor\":-3')")
    await ann.reload()
    await ann.get_by_test_id("settings").click()
    await expect(ann.get_by_label("Others find you on the map")).to_be_checked()
    await expect(ann.get_by_label("Messages stay")).to_have_value("0")


async def test_without_the_server_a_panel_that_cannot_be_fetched_closes_itself(visit: Visit) -> None:
    ann = await visit()
    await ann.context.route("**/assets/Settings*", lambda route: route.abort("connectionrefused"))
    await ann.get_by_test_id("settings").click()
    await expect(ann.get_by_test_id("settings")).to_have_attribute("aria-expanded", "false")
    await expect(ann.get_by_test_id("plane")).to_be_visible()
    await ann.context.unroute("**/assets/Settings*")
    await ann.get_by_test_id("settings").click()
    await expect(ann.get_by_test_id(PANEL)).to_be_visible()
