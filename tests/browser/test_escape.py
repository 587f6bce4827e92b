"""Escape closes what is open from the moment it is opened: as soon as it appears, and while its code still loads."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from .conftest import Join, Visit
from .watch import HeldBack, case, run_command

PANELS = {
    "keys": ("help-panel", "Help"),
    "settings": ("settings-panel", "Settings"),
    "who is here": ("roster", "PeoplePanel"),
    "share": ("share-panel", "Share"),
    "other channels": ("channels-panel", "Channels"),
    "recent messages": ("history-panel", "HistoryPanel"),
}

# Counts how often a part is inserted.
COUNT = """(id, escape) => {
  window.inserted = 0
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) {
      if (!(node instanceof Element)) continue
      if (!node.matches(`[data-testid="${id}"]`) && !node.querySelector(`[data-testid="${id}"]`)) continue
      window.inserted += 1
      if (escape) document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Escape', code: 'Escape', bubbles: true, cancelable: true }))
    }
  }).observe(document.body, { childList: true, subtree: true })
}"""
# Presses Escape in the same task in which the part is inserted: what React does later has not been done.
ESCAPE_AT_ONCE = f"(id) => ({COUNT})(id, true)"


async def inserted(page: Page, times: int = 1) -> None:
    await page.wait_for_function("(times) => window.inserted === times", arg=times)


@pytest_asyncio.fixture(loop_scope="session")
async def ann(visit: Visit) -> Page:
    """A page, with the focus on the canvas."""
    page = await visit()
    await page.get_by_test_id("plane").focus()
    return page


async def held_back(page: Page) -> dict[str, HeldBack]:
    """The code of every panel, by its command: none is fetched ahead."""
    codes = {command: HeldBack(page, chunk) for command, (_, chunk) in PANELS.items()}
    for code in codes.values():
        await code.start()
    return codes


async def test_escape_closes_a_panel_as_soon_as_it_appears(ann: Page, subtests: pytest.Subtests) -> None:
    for command, code in (await held_back(ann)).items():
        panel, _ = PANELS[command]
        async with case(subtests, command, ann):
            await ann.evaluate(ESCAPE_AT_ONCE, panel)
            await run_command(ann, command)
            await code.asked()
            await code.arrive()
            await inserted(ann)
            await expect(ann.get_by_test_id(panel)).to_have_count(0)
            await expect(ann.get_by_test_id("plane")).to_be_focused()
            # Its code is here now, so it appears at once.
            await run_command(ann, command)
            await inserted(ann, times=2)
            await expect(ann.get_by_test_id(panel)).to_have_count(0)
            await expect(ann.get_by_test_id("plane")).to_be_focused()


async def test_escape_closes_a_panel_whose_code_is_still_loading(ann: Page, subtests: pytest.Subtests) -> None:
    for command, code in (await held_back(ann)).items():
        panel, _ = PANELS[command]
        async with case(subtests, command, ann):
            await run_command(ann, command)
            await code.asked()
            await ann.keyboard.press("Escape")
            await ann.evaluate(COUNT, panel)
            await code.arrive()
            assert await ann.evaluate("() => window.inserted") == 0
            await run_command(ann, command)
            await inserted(ann)
        await ann.keyboard.press("Escape")


async def test_escape_stops_following_while_the_frame_of_it_is_still_loading(ann: Page, join: Join) -> None:
    code = HeldBack(ann, "with-others")
    await code.start()
    await join()
    await code.asked()
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("follow").click()
    await ann.keyboard.press("Escape")
    await ann.evaluate(COUNT, "following")
    await code.arrive()
    assert await ann.evaluate("() => window.inserted") == 0
    await expect(ann.get_by_test_id("react")).to_be_visible()


async def test_escape_closes_what_was_opened_last_and_no_more(ann: Page, join: Join) -> None:
    await join()
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("follow").click()
    await expect(ann.get_by_test_id("following")).to_be_visible()
    for command, (panel, _) in PANELS.items():
        await ann.get_by_test_id("plane").focus()
        await run_command(ann, command)
        await expect(ann.get_by_test_id(panel)).to_be_visible()
        await ann.keyboard.press("Escape")
        await expect(ann.get_by_test_id(panel)).to_have_count(0)
        await expect(ann.get_by_test_id("following")).to_be_visible()
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("following")).to_have_count(0)


async def test_the_canvas_takes_the_focus_when_what_had_it_before_is_gone(ann: Page, subtests: pytest.Subtests) -> None:
    for command, (panel, _) in PANELS.items():
        async with case(subtests, command, ann):
            await ann.evaluate(
                """() => {
                  const button = document.body.appendChild(document.createElement('button'))
                  button.id = 'opener'
                  button.focus()
                }"""
            )
            await run_command(ann, command)
            await expect(ann.get_by_test_id(panel)).to_be_visible()
            await ann.evaluate("() => document.getElementById('opener').remove()")
            await ann.keyboard.press("Escape")
            await expect(ann.get_by_test_id(panel)).to_have_count(0)
            await expect(ann.get_by_test_id("plane")).to_be_focused()
