"""Settings and muting: what people choose for themselves, kept in their browser and sent to nobody."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from playwright.async_api import Page, WebSocket, expect

from .conftest import Join, Visit
from .test_finding import look_away
from .watch import messages, open_menu, page_time, run_command, say, seen, until_seen, watch

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
    await run_command(ann, "settings")
    await expect(ann.get_by_test_id(PANEL)).to_be_focused()
    # What is pressed in it is none of the canvas's business.
    await ann.get_by_role("heading", name="Settings").click()
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
    await tab.get_by_test_id("setting-lifeFactor").select_option(label="until you hide them")
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
    await expect(ann.get_by_label("Others can find you on the map")).to_be_checked()
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


# Muting.


async def muted_is_nowhere(page: Page, name: str) -> None:
    for each in ("message", "draft", "cursor", "chip", "notices", "history-entry"):
        await expect(page.get_by_test_id(each).filter(has_text=name)).to_have_count(0)
    await expect(page.get_by_role("log")).not_to_contain_text(name)


async def test_a_muted_person_vanishes_at_once_everywhere_and_stays_so_after_a_reload(visit: Visit, join: Join) -> None:
    ann, bob, cat = await join(name="Loud Ann"), await visit(), await join()
    await ann.chat("hey hey hey", at=(-200, -50))
    await ann.cursor((0, 150))
    await cat.chat("quiet words", at=(100, -150))
    await until_seen(bob, "hey hey hey")
    await expect(bob.get_by_test_id("cursor").filter(has_text="Loud Ann")).to_have_count(1)
    await expect(bob.get_by_role("log")).to_contain_text("hey hey hey")
    await bob.get_by_test_id("history").click()
    await expect(bob.get_by_test_id("history-entry").filter(has_text="Loud Ann")).to_have_count(1)
    await ann.typing("and another thing", message_id="a-draft", at=(-200, -20))
    await expect(bob.get_by_test_id("draft")).to_have_count(1)
    await bob.get_by_test_id("people").click()
    row = bob.get_by_test_id("person").filter(has_text="Loud Ann")
    await row.get_by_test_id("mute-person").click()
    await bob.get_by_test_id("people").click()
    await bob.get_by_test_id("history").click()
    await expect(bob.get_by_test_id("history-entry")).to_have_count(1)
    await muted_is_nowhere(bob, "Loud Ann")
    await expect(bob.get_by_test_id("draft")).to_have_count(0)

    await look_away(bob, 5000)
    await ann.chat("can you hear me?", at=(-200, 50))
    await cat.receive("chat", where=lambda frame: frame["payload"] == "can you hear me?")
    await cat.chat("I can", at=(100, -50))
    await bob.wait_for_selector('[data-testid="chip"]')
    await muted_is_nowhere(bob, "Loud Ann")

    await bob.reload()
    await bob.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    await watch(bob)
    await ann.chat("hello?", at=(-200, 150))
    await cat.receive("chat", where=lambda frame: frame["payload"] == "hello?")
    await cat.chat("still me", at=(100, 50))
    await until_seen(bob, "still me")
    assert "hello?" not in (await seen(bob))["arrived"]
    await muted_is_nowhere(bob, "Loud Ann")

    await bob.get_by_test_id("settings").click()
    await expect(bob.get_by_test_id("muted-people")).to_contain_text("Loud Ann")
    await bob.get_by_role("button", name="Unmute Loud Ann").click()
    await expect(bob.get_by_test_id("muted-people")).to_have_count(0)
    await bob.keyboard.press("Escape")
    await ann.chat("finally", at=(-200, 200))
    await until_seen(bob, "finally")


async def test_the_menu_of_a_message_mutes_its_author_and_undo_brings_both_back(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.chat("by a key", at=(-200, -50))
    await until_seen(bob, "by a key")
    await bob.get_by_test_id("plane").focus()
    await bob.keyboard.press("Tab")
    await bob.keyboard.press("Enter")
    await expect(bob.get_by_role("menuitem").first).to_be_focused()
    for key in ("End", "Enter"):
        await bob.keyboard.press(key)
    await expect(bob.get_by_test_id("message")).to_have_count(0)
    assert await focused(bob) == "plane"
    await bob.keyboard.press("Control+z")
    await until_seen(bob, "by a key")

    await (await open_menu(bob, "by a key")).get_by_test_id("mute").click()
    await expect(bob.get_by_test_id("message")).to_have_count(0)
    await bob.get_by_test_id("undo").click()
    await until_seen(bob, "by a key")
    await ann.chat("heard again", at=(-200, 50))
    await until_seen(bob, "heard again")

    await (await open_menu(bob, "heard again")).get_by_test_id("mute").click()
    await expect(bob.get_by_test_id("toast")).to_contain_text("muted")
    await ann.chat("again", at=(-200, 150))
    # What the page gets after it: somebody who comes.
    await join(name="Carl")
    await expect(bob.get_by_test_id("roster-count")).to_have_attribute("data-count", "3")
    await bob.get_by_test_id("people").click()
    muted = bob.get_by_test_id("person").filter(has_not_text="Carl")
    await expect(muted).to_have_attribute("data-muted", "true")
    assert await messages(bob) == []


# What others see.


def sent_frames(page: Page) -> list[dict[str, Any]]:
    """The frames that the page sends from its next connection on."""
    frames: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: frames.append(json.loads(payload)))

    page.on("websocket", listen)
    return frames


async def test_who_does_not_show_the_typing_sends_none_and_is_heard_when_it_is_said(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await visit()
    frames = sent_frames(ann)
    await ann.get_by_test_id("settings").click()
    await ann.get_by_label("Others see you type").uncheck()
    await ann.reload()
    await ann.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    await watch(bob)
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("in one piece", delay=30)
    await join()  # a new member learns where people are and what they write (W16)
    await ann.keyboard.press("Enter")
    await until_seen(bob, "in one piece")
    assert (await seen(bob))["drafts"] == []
    assert "chat" in [frame["type"] for frame in frames]
    assert "typing" not in [frame["type"] for frame in frames]


PLUM_ON_MINIMAP = """() => {
  const canvas = document.querySelector('[data-testid="minimap"] canvas')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const near = (n, value) => Math.abs(data[n] - value) < 24
  for (let n = 0; n < data.length; n += 4) {
    if (data[n + 3] > 40 && near(n, 147) && near(n + 1, 61) && near(n + 2, 138)) return true
  }
  return false
}"""


async def test_w31_who_is_off_the_map_is_on_the_plane_and_at_no_edge(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("color-plum").click()
    await ann.keyboard.press("Escape")
    await look_away(bob, 5000)
    await ann.mouse.move(300, 300)
    await ann.mouse.move(320, 320, steps=3)
    await expect(bob.get_by_test_id("chip")).to_have_count(1)
    await bob.wait_for_function(PLUM_ON_MINIMAP)
    await ann.get_by_test_id("settings").click()
    await ann.get_by_label("Others can find you on the map").uncheck()
    await expect(bob.get_by_test_id("chip")).to_have_count(0)
    await ann.keyboard.press("Escape")
    await bob.wait_for_function(f"() => !({PLUM_ON_MINIMAP})()")
    await say(ann, 400, 400, "here and yet not there")
    await ann.keyboard.type("nor this")
    await bob.wait_for_function(
        "() => document.querySelector('[role=log]').textContent.includes('here and yet not there')"
    )
    await expect(bob.get_by_test_id("chip")).to_have_count(0)
    await page_time(bob, 500)  # the minimap is drawn a few times a second
    assert not await bob.evaluate(PLUM_ON_MINIMAP)
    # Those who look at the place see it, with the pointer.
    await bob.keyboard.press("Home")
    await until_seen(bob, "here and yet not there")
    await ann.keyboard.type(" word")  # a draft that rests for ten seconds is no longer shown
    await expect(bob.get_by_test_id("draft")).to_contain_text("nor this word")
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    # A newcomer is told too, and after a reload it is still so.
    await ann.reload()
    await ann.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
    cat = await visit()
    await look_away(cat, 5000)
    await say(ann, 600, 200, "once more")
    await cat.wait_for_function("() => document.querySelector('[role=log]').textContent.includes('once more')")
    await expect(cat.get_by_test_id("chip")).to_have_count(0)


async def test_all_pointers_can_be_hidden(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.cursor((-180, -30))
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await bob.get_by_test_id("settings").click()
    await bob.get_by_label("Hide all pointers").check()
    await expect(bob.get_by_test_id("cursor")).to_have_count(0)
    await bob.get_by_label("Hide all pointers").uncheck()
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)


async def test_joins_are_gathered_into_one_line_that_takes_no_focus_and_goes(visit: Visit, join: Join) -> None:
    ann = await visit()
    await ann.evaluate(
        """() => {
          window.told = []
          const notices = document.querySelector('[data-testid="notices"]')
          new MutationObserver(() => window.told.push([...notices.querySelectorAll('p')].map((p) => p.innerText)))
            .observe(notices, { childList: true, subtree: true, characterData: true })
        }"""
    )
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("I was ")
    await asyncio.gather(*(join() for _ in range(4)))
    await ann.keyboard.type("saying")
    await ann.wait_for_function("() => window.told.flat().length > 0")
    await expect(ann.get_by_test_id("caret")).to_be_focused()
    await expect(ann.get_by_test_id("caret")).to_have_value("I was saying")
    await expect(ann.get_by_test_id("notices")).to_have_attribute("role", "status")
    await expect(ann.get_by_test_id("notices")).to_have_text("")
    told = await ann.evaluate("() => window.told")
    assert max(len(lines) for lines in told) == 1, "one at a time"
    lines = {line for now in told for line in now}
    assert len(lines) <= 2, f"four people came, told as {lines}"
