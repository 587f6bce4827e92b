"""What a newcomer must not have to guess: hints, the menu of a message, letters that are never lost, text that can be
selected, labels of controls, and why a visit has ended."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from .conftest import Join, Server, Visit
from .test_owners import CLIPBOARD, copied, own, switch
from .test_phone import LANDSCAPE, PORTRAIT, SMALL, phone
from .watch import (
    HeldBack,
    at_rest,
    case,
    go_back,
    messages,
    open_menu,
    page_time,
    run_command,
    say,
    until_seen,
    world_point,
)

CARET = '[data-testid="caret"]'
OPEN = ".caret[data-open]"
COMPANY = '[data-testid="company"]'


# --- Hints ---


@pytest.mark.parametrize("spot", ["", "#9000,-4000,1", "#300,200,2"])
async def test_after_the_first_words_alone_the_view_offers_the_link_wherever_it_is(visit: Visit, spot: str) -> None:
    ann = await visit(f"/c/garden{spot}", **CLIPBOARD)
    await expect(ann.get_by_test_id("invitation")).to_be_in_viewport(ratio=1)
    await expect(ann.locator(COMPANY)).to_have_text("")
    await say(ann, 450, 350, "hello, is anyone there?")
    await expect(ann.locator(COMPANY)).to_contain_text("Nobody else is here yet")
    await expect(ann.get_by_test_id("copy-invitation")).to_be_in_viewport(ratio=1)
    # It lies beside the words, and pressing it begins no others.
    await at_rest(ann)
    words = await ann.locator('[data-testid="message"] .words').bounding_box()
    hint = await ann.locator(".company").bounding_box()
    assert words is not None
    assert hint is not None
    assert words["y"] >= hint["y"] + hint["height"] or hint["y"] >= words["y"] + words["height"]
    before = await ann.locator(OPEN).get_attribute("data-x")
    await ann.get_by_test_id("copy-invitation").click()
    await expect(ann.get_by_text("Link copied").first).to_be_visible()
    assert (await ann.evaluate("navigator.clipboard.readText()")).endswith("/c/garden")
    assert await ann.locator(OPEN).get_attribute("data-x") == before


async def test_the_greeting_is_not_seen_where_words_leave_no_room(visit: Visit, join: Join) -> None:
    ann = await join()
    for y in range(-240, 280, 40):
        await ann.chat("words all over this small view", at=(-140, y))
    bob = await visit(viewport={"width": 320, "height": 568})
    await expect(bob.locator(COMPANY)).not_to_have_text("")
    await expect(bob.get_by_test_id("message")).to_have_count(13)
    await expect(bob.locator(".company")).to_have_css("opacity", "0")
    eve = await visit(viewport={"width": 1000, "height": 1800})
    await expect(eve.locator(COMPANY)).not_to_have_text("")
    await expect(eve.locator(".company")).to_have_css("opacity", "1")


async def test_the_hint_goes_while_one_writes_when_told_so_and_when_somebody_comes(visit: Visit) -> None:
    ann = await visit()
    await say(ann, 300, 200, "first")
    hint = ann.get_by_test_id("copy-invitation")
    await expect(hint).to_be_visible()
    await ann.keyboard.type("sec")
    await expect(hint).to_have_count(0)
    await ann.keyboard.press("Enter")
    await expect(hint).to_be_visible()
    bob = await visit()
    await expect(hint).to_have_count(0)
    await expect(ann.locator(COMPANY)).to_contain_text("is here")
    await expect(bob.locator(COMPANY)).to_contain_text("is here")
    await bob.close()
    await expect(hint).to_be_visible()
    await ann.get_by_role("button", name="Not now").click()
    await expect(hint).to_have_count(0)


async def test_hints_fit_what_one_may_do(visit: Visit) -> None:
    ann = await own(visit)
    await switch(ann, "private")
    await ann.get_by_test_id("invite-to-read").click()
    link = await copied(ann)
    await ann.keyboard.press("Escape")
    # An owner alone is offered the panel that invites, not a link that lets nobody in.
    await say(ann, 500, 200, "who is there?")
    await expect(ann.locator(COMPANY)).to_contain_text("Nobody else is here yet")
    await expect(ann.get_by_test_id("copy-invitation")).to_have_count(0)
    await ann.locator(".company").get_by_role("button").first.click()
    await expect(ann.get_by_test_id("share-panel")).to_be_visible()
    await ann.keyboard.press("Escape")
    # A reader is not told to write.
    reader = await visit(link.removeprefix(link.split("/c/")[0]) + "#7000,7000,1")
    await expect(reader.locator(COMPANY)).to_contain_text("is here")
    invitation = reader.get_by_test_id("invitation")
    await until_seen(ann, "who is there?")
    if await invitation.count():
        await expect(invitation).to_contain_text("can read here")


async def test_hints_name_slow_mode_and_who_can_write(visit: Visit) -> None:
    ann = await own(visit)
    await ann.get_by_test_id("slow").select_option("15")
    bob = await visit()
    await expect(bob.get_by_test_id("invitation")).to_contain_text("say something")
    await expect(bob.get_by_test_id("invitation")).to_contain_text("Slow mode")
    await switch(ann, "read-only")
    await expect(bob.get_by_test_id("invitation")).not_to_contain_text("say something")
    await expect(bob.get_by_test_id("invitation")).to_contain_text("owner")


# --- The menu of a message ---


async def items(menu: Locator) -> list[str]:
    return await menu.get_by_role("menuitem").all_inner_texts()


async def test_a_menu_that_comes_late_takes_no_key_from_a_text_that_was_begun(visit: Visit) -> None:
    ann = await visit(service_workers="block")
    menu = HeldBack(ann, "MessageMenu")
    await menu.start()
    await ann.reload()
    await ann.get_by_test_id("plane").wait_for()
    await say(ann, 300, 300, "one")
    await until_seen(ann, "one")
    await ann.mouse.click(310, 300)
    await menu.asked()
    await ann.keyboard.type("two")
    await menu.arrive()
    await at_rest(ann)
    await expect(ann.get_by_role("menu")).to_have_count(0)
    await ann.keyboard.press("Enter")
    await until_seen(ann, "two")


async def test_a_click_on_a_message_opens_its_menu(visit: Visit) -> None:
    ann, bob = await visit(**CLIPBOARD), await visit()
    await say(bob, 300, 300, "what do you think?")
    await until_seen(ann, "what do you think?")
    menu = await open_menu(ann, "what do you think?")
    assert await items(menu) == ["Reply", "React", "Copy", "Hide", "Mute"]
    await expect(ann.locator(OPEN)).to_have_count(0)
    await menu.get_by_test_id("copy").click()
    await expect(ann.get_by_test_id("toast")).to_have_text("Copied")
    assert await ann.evaluate("navigator.clipboard.readText()") == "what do you think?"

    await (await open_menu(ann, "what do you think?")).get_by_test_id("reply").click()
    await expect(ann.locator(CARET)).to_be_focused()
    x, y = await world_point(ann, "what do you think?")
    at = [float(await ann.locator(OPEN).get_attribute(axis) or "nan") for axis in ("data-x", "data-y")]
    assert at[0] == x
    assert 20 < at[1] - y < 60
    await ann.keyboard.press("Escape")

    await (await open_menu(ann, "what do you think?")).get_by_test_id("react-to").click()
    await ann.get_by_test_id("react-agree").click()
    burst = bob.get_by_test_id("burst")
    await expect(burst).to_have_attribute("data-kind", "agree")
    assert float(await burst.get_attribute("data-x") or "nan") == x

    await (await open_menu(ann, "what do you think?")).get_by_test_id("put-away").click()
    await expect(ann.get_by_test_id("message")).to_have_count(0)
    await ann.get_by_test_id("undo").click()
    await until_seen(ann, "what do you think?")
    # One's own message has no Mute; nobody mutes themselves.
    assert await items(await open_menu(bob, "what do you think?")) == ["Reply", "React", "Copy", "Hide"]


async def test_a_press_beside_the_menu_closes_it_and_does_nothing_else(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("something", at=(-200, -50))
    await until_seen(ann, "something")
    menu = await open_menu(ann, "something")
    await ann.mouse.click(700, 500)
    await expect(menu).to_have_count(0)
    await expect(ann.locator(OPEN)).to_have_count(0)
    await ann.mouse.click(700, 500)
    await expect(ann.locator(OPEN)).to_have_count(1)


async def test_the_menu_works_by_keyboard(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("by keys", at=(-200, -50))
    await until_seen(ann, "by keys")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Enter")
    await expect(ann.locator('[data-testid="message"] .message-body')).to_be_focused()
    await ann.keyboard.press("Enter")
    menu = ann.get_by_role("menu", name=re.compile("by keys"))
    await expect(menu.get_by_test_id("reply")).to_be_focused()
    await ann.keyboard.press("ArrowDown")
    await expect(menu.get_by_test_id("react-to")).to_be_focused()
    for press in ("ArrowUp", "ArrowUp"):
        await ann.keyboard.press(press)
    await expect(menu.get_by_test_id("mute")).to_be_focused()
    await ann.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(ann.locator('[data-testid="message"] .message-body')).to_be_focused()
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("plane")).to_be_focused()
    # Reacting goes on by keys too, and comes back to the message.
    for key in ("Enter", "Enter", "ArrowDown", "Enter"):
        await ann.keyboard.press(key)
    await expect(ann.get_by_test_id("react-heart")).to_be_focused()
    await ann.keyboard.press("Enter")
    assert (await bob.receive("reaction"))["kind"] == "heart"
    await expect(ann.locator('[data-testid="message"] .message-body')).to_be_focused()


async def test_a_tap_opens_the_menu_within_the_screen_and_large_enough(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    ann = await visit(**phone())
    await page_time(ann, 1_500)  # longer than a newcomer's view is framed
    for width, height in (SMALL, PORTRAIT, LANDSCAPE):
        with subtests.test(f"{width} x {height}"):
            await ann.set_viewport_size({"width": width, "height": height})
            await go_back(ann)
            bob = await join()
            for y in (-height / 2 + 70, height / 2 - 80):
                text = f"at {round(y)}"
                await bob.chat(text, at=(-width / 2 + 20, y))
                await until_seen(ann, text)
                await at_rest(ann)
                await ann.locator('[data-testid="message"] .words', has_text=text).tap()
                menu = ann.get_by_test_id("message-menu")
                await expect(menu).to_be_in_viewport(ratio=1)
                await expect(ann.locator(OPEN)).to_have_count(0)
                # Neither the text nor the name above it is covered.
                assert await menu.evaluate(
                    """(menu, text) => {
                      const each = [...document.querySelectorAll('.words')].find((it) => it.textContent === text)
                      const name = each.parentElement.querySelector('.author').getBoundingClientRect()
                      const { top, bottom } = menu.getBoundingClientRect()
                      return bottom <= name.top || top >= each.getBoundingClientRect().bottom
                    }""",
                    text,
                )
                for item in await menu.get_by_role("menuitem").all():
                    box = await item.bounding_box()
                    assert box is not None
                    assert min(box["width"], box["height"]) >= 44
                await ann.keyboard.press("Escape")
                await expect(menu).to_have_count(0)
            await ann.locator('[data-testid="message"] .words', has_text=text).tap()
            await ann.get_by_test_id("reply").tap()
            await expect(ann.locator(CARET)).to_be_focused()
        await server.end_messages(ann)


# --- Letters ---


async def test_what_is_typed_on_the_bare_plane_is_written(
    visit: Visit, server: Server, subtests: pytest.Subtests
) -> None:
    ann, bob = await visit(), await visit()
    for text in ("2 coffees please", "?huh", ", well", ".", ";-)", ": yes", '"quoted"', "/shrug", "r", "f", "m"):
        with subtests.test(text):
            await ann.keyboard.type(text)
            await expect(ann.locator(CARET)).to_have_value(text)
            await ann.keyboard.press("Enter")
            await until_seen(bob, text)
            assert await messages(bob) == [text]
            await expect(bob.get_by_test_id("burst")).to_have_count(0)
        await go_back(ann)
        await server.end_messages(ann, bob)


async def by_pointer(page: Page, name: str, panel: str | None = None) -> None:
    """Press a control, and close with Escape what it opened."""
    await page.get_by_test_id(name).click()
    if panel is not None:
        await expect(page.get_by_test_id(panel)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id(panel)).to_have_count(0)


async def focus(page: Page, selector: str) -> None:
    await page.locator(selector).first.focus()


async def menu_open(page: Page) -> None:
    await open_menu(page, "a message")


async def by_finger(page: Page) -> None:
    """A finger rests on a message: it has the focus, which means that it is selected."""
    box = await page.locator('[data-testid="message"] .words').bounding_box()
    assert box is not None
    cdp = await page.context.new_cdp_session(page)
    point = {"x": box["x"] + 10, "y": box["y"] + 10}
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(page.locator('[data-testid="message"] .message-body')).to_be_focused()
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def read_only_field(page: Page) -> None:
    await by_pointer(page, "share")
    await focus(page, '[data-testid="share-address"]')


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def commands_and_back(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await expect(page.get_by_test_id("command")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("commands-panel")).to_have_count(0)


async def settings_open(page: Page) -> None:
    await page.get_by_test_id("settings").click()
    await expect(page.get_by_test_id("settings-panel")).to_be_focused()


async def panel_by_key(page: Page) -> None:
    await run_command(page, "who is here")
    await expect(page.get_by_test_id("roster")).to_be_visible()
    await page.keyboard.press("Escape")


async def text_selected(page: Page) -> None:
    box = await page.locator('[data-testid="message"] .words').bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 2, box["y"] + 14)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 60, box["y"] + 14, steps=4)
    await page.mouse.up()


Step = Callable[[Page], Awaitable[Any]]
DISTRACTIONS: dict[str, Step] = {
    "settings, Escape": lambda page: by_pointer(page, "settings", "settings-panel"),
    "help, Escape": lambda page: by_pointer(page, "help", "help-panel"),
    "who is here, Escape": lambda page: by_pointer(page, "people", "roster"),
    "share, Escape": lambda page: by_pointer(page, "share", "share-panel"),
    "channels, Escape": lambda page: by_pointer(page, "channels", "channels-panel"),
    "history, Escape": lambda page: by_pointer(page, "history", "history-panel"),
    "commands, Escape": commands_and_back,
    "a panel by key, Escape": panel_by_key,
    "the settings are open": settings_open,
    "the zoom is pressed": lambda page: by_pointer(page, "zoom"),
    "the heart is pressed": lambda page: by_pointer(page, "react"),
    "a control has the focus": lambda page: focus(page, '[data-testid="zoom"]'),
    "the minimap has the focus": lambda page: focus(page, '[data-testid="minimap"]'),
    "a read-only field has the focus": read_only_field,
    "the plane has the focus": lambda page: focus(page, '[data-testid="plane"]'),
    "a message has the focus": lambda page: focus(page, '[data-testid="message"] .message-body'),
    "the menu of a message is open": menu_open,
    "text of a message is selected": text_selected,
    "a reaction by key": lambda page: press(page, "Control+Shift+Digit2"),
    "the view is moved": lambda page: page.mouse.wheel(40, 40),
}


BY_TOUCH: dict[str, Step] = {"a message is selected by touch": by_finger}


@pytest.mark.parametrize("settings", [{"message_ttl_seconds": 300, "message_ttl_max_seconds": 300}], ids=["long life"])
@pytest.mark.parametrize("draft", ["hello", ""], ids=["draft", "none"])
@pytest.mark.parametrize(("touch", "distractions"), [(False, DISTRACTIONS), (True, BY_TOUCH)], ids=["mouse", "touch"])
async def test_no_letter_is_lost(
    visit: Visit,
    join: Join,
    touch: bool,
    distractions: dict[str, Step],
    draft: str,
    subtests: pytest.Subtests,
) -> None:
    """Letters go on with the draft, or begin one: never nowhere, and never as a command."""
    ann, bob = await visit(has_touch=touch), await join()
    await bob.chat("a message to read", at=(-300, 150))
    await until_seen(ann, "a message")
    away = await join()
    for number, (distraction, distract) in enumerate(distractions.items()):
        with subtests.test(distraction):
            await go_back(ann)
            if not touch:
                await ann.mouse.move(990, 350)
            await away.cursor((9_000, 9_000 + number))  # somebody out of view who moves brings the minimap
            await ann.get_by_test_id("minimap").wait_for()
            if draft:
                await ann.mouse.click(400, 300)
                await ann.keyboard.type(draft)
            await distract(ann)
            # With the focus on a button or a field by keyboard, Space is theirs.
            presses = distraction in ("a control has the focus", "a read-only field has the focus")
            typed = " more? 2 r f m" if draft and not presses else "more? 2 r f m"
            await ann.keyboard.type(typed)
            await expect(ann.locator(CARET)).to_have_value(draft + typed)
            await expect(ann.locator(CARET)).to_be_focused()
            for panel in ("settings-panel", "help-panel", "message-menu", "following"):
                await expect(ann.get_by_test_id(panel)).to_have_count(0)
            assert await messages(ann) == ["a message to read"], "nothing was sent, hidden or muted"


async def test_letters_that_end_up_in_a_textarea_without_a_draft_begin_one(visit: Visit) -> None:
    ann = await visit()
    await ann.mouse.click(400, 300)
    await ann.keyboard.press("Home")
    await ann.keyboard.type("still here")
    await expect(ann.locator(CARET)).to_have_value("still here")
    await expect(ann.locator(OPEN)).to_have_count(1)


async def test_discarded_text_can_be_brought_back(visit: Visit, subtests: pytest.Subtests) -> None:
    ann, bob = await visit(), await visit()
    draft = bob.get_by_test_id("draft")
    for undo, text, y in (("by key", "a long thought", 200), ("by its button", "another thought", 500)):
        async with case(subtests, undo, ann):
            await ann.mouse.click(400, y)
            await ann.keyboard.type(text)
            await expect(draft).to_contain_text(text)
            await ann.keyboard.press("Escape")
            await expect(ann.locator(OPEN)).to_have_count(0)
            await expect(draft).to_have_count(0)
            await expect(ann.get_by_test_id("toast")).to_contain_text("discarded")
            if undo == "by key":
                await ann.keyboard.press("Control+z")
            else:
                await ann.get_by_test_id("undo").click()
            await expect(ann.locator(CARET)).to_be_focused()
            await expect(ann.locator(CARET)).to_have_value(text)
            await expect(draft).to_contain_text(text)
            await expect(ann.get_by_test_id("toast")).to_have_count(0)
        await ann.keyboard.press("Enter")


async def test_pasted_text_goes_where_typed_text_goes(visit: Visit) -> None:
    ann = await visit(**CLIPBOARD)
    await ann.evaluate("navigator.clipboard.writeText('from elsewhere')")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Control+v")
    await expect(ann.locator(CARET)).to_have_value("from elsewhere")
    await expect(ann.locator(CARET)).to_be_focused()


# --- Text ---


async def test_a_drag_that_begins_on_text_selects_it_and_one_on_the_bare_plane_pans(visit: Visit, join: Join) -> None:
    ann, bob = await visit(**CLIPBOARD), await join()
    await bob.chat("select all of this", at=(-200, -50))
    await until_seen(ann, "select all of this")
    where = "() => document.querySelector('[data-testid=world]').style.transform"
    before = await ann.evaluate(where)
    box = await ann.locator('[data-testid="message"] .words').bounding_box()
    assert box is not None
    await ann.mouse.move(box["x"] + 1, box["y"] + 14)
    await ann.mouse.down()
    await ann.mouse.move(box["x"] + box["width"] + 30, box["y"] + 14, steps=6)
    await ann.mouse.up()
    assert await ann.evaluate("() => getSelection().toString()") == "select all of this"
    assert await ann.evaluate(where) == before
    await expect(ann.get_by_test_id("message-menu")).to_have_count(0)
    await ann.keyboard.press("Control+c")
    assert await ann.evaluate("navigator.clipboard.readText()") == "select all of this"
    await ann.mouse.move(700, 550)
    await ann.mouse.down()
    await ann.mouse.move(640, 500, steps=6)
    await ann.mouse.up()
    assert await ann.evaluate(where) != before


async def test_text_in_the_history_can_be_selected_and_a_press_still_goes_there(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await bob.chat("words to keep", at=(-200, -50))
    await until_seen(ann, "words to keep")
    await ann.get_by_test_id("history").click()
    entry = ann.get_by_test_id("history-entry")
    box = await entry.get_by_text("words to keep").bounding_box()
    assert box is not None
    await ann.mouse.move(box["x"] + 1, box["y"] + 10)
    await ann.mouse.down()
    await ann.mouse.move(box["x"] + box["width"] - 2, box["y"] + 10, steps=6)
    await ann.mouse.up()
    assert (await ann.evaluate("() => getSelection().toString()")).startswith("words to keep")
    await ann.evaluate("() => getSelection().removeAllRanges()")
    for way in ("a click on the text", "its button"):
        await ann.evaluate("() => { location.hash = '#20000,0,1' }")
        await expect(ann.locator('[data-testid="message"] .words')).not_to_be_in_viewport()
        if way == "its button":
            await entry.get_by_role("button").press("Enter")
        else:
            await entry.get_by_text("words to keep").click()
        await expect(ann.locator('[data-testid="message"] .words')).to_be_in_viewport()
        await ann.evaluate("() => { location.hash = '' }")


# --- Controls ---

LABEL_OF_EACH = """() => [...document.querySelectorAll('.page button, .page a[href]')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.plane, dialog'))
  .map((each, index) => { each.dataset.number = index; return [index, each.innerText.trim()] })"""


async def tooltip_fits(page: Page) -> str:
    tip = page.get_by_test_id("tooltip")
    await expect(tip).to_be_visible()
    box, size = await tip.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    return await tip.inner_text()


async def tab_to(page: Page, test_id: str) -> None:
    """From the plane, with the Tab key alone."""
    await page.get_by_test_id("plane").focus()
    for _ in range(16):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement.dataset.testid") == test_id:
            return
    pytest.fail(f"the Tab key does not reach {test_id}")


@pytest.mark.parametrize("locale", ["en", "ar"])
async def test_every_control_has_a_label_on_hover_and_on_focus(visit: Visit, join: Join, locale: str) -> None:
    ann, _ = await visit(locale=locale), await join()
    await ann.get_by_test_id("nearest").wait_for()
    told = 0
    for number, text in await ann.evaluate(LABEL_OF_EACH):
        control = ann.locator(f'[data-number="{number}"]')
        await ann.mouse.move(500, 300)
        await expect(ann.get_by_test_id("tooltip")).to_have_count(0)
        if re.search(r"\w{2}", text) and await control.get_attribute("title") is None:
            continue  # it says itself what it is
        name = await control.get_attribute("data-testid") or await control.get_attribute("aria-label")
        await control.hover()
        assert len(await tooltip_fits(ann)) > 1, name
        assert await control.get_attribute("title") is None, "the browser would show another one"
        told += 1
    assert told >= 8
    await ann.mouse.move(500, 300)
    await tab_to(ann, "share")
    assert await tooltip_fits(ann)


async def test_a_long_press_shows_the_label_and_does_not_press(visit: Visit) -> None:
    ann = await visit(**phone())
    box = await ann.get_by_test_id("tools").bounding_box()
    assert box is not None
    cdp = await ann.context.new_cdp_session(ann)
    point = {"x": box["x"] + 10, "y": box["y"] + 10}
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    assert await tooltip_fits(ann) == "More"
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(ann.get_by_test_id("tools")).to_have_attribute("aria-expanded", "false")
    await ann.get_by_test_id("tools").tap()
    await expect(ann.get_by_test_id("tools")).to_have_attribute("aria-expanded", "true")
    await expect(ann.get_by_test_id("tooltip")).to_have_count(0)


async def test_a_field_that_shows_its_label_has_no_tooltip(visit: Visit) -> None:
    """On a phone with a keyboard it lay over the first command."""
    ann = await visit(**phone())
    await tab_to(ann, "tools")
    assert await tooltip_fits(ann) == "More"
    await ann.keyboard.press("Control+k")
    await expect(ann.get_by_role("combobox")).to_be_focused()
    await expect(ann.get_by_test_id("tooltip")).to_have_count(0)
    await ann.wait_for_timeout(500)
    await expect(ann.get_by_test_id("tooltip")).to_have_count(0)


async def test_a_label_that_came_with_a_key_stays_while_the_pointer_is_elsewhere(visit: Visit) -> None:
    """A pointer that rests comes to other elements by itself, as they move below it."""
    ann = await visit(service_workers="block", **phone())
    # Before the tooltips are there, and then.
    tooltips = HeldBack(ann, "tooltip")
    await tooltips.start()
    await ann.reload()
    await tab_to(ann, "tools")
    await tooltips.asked()
    await ann.mouse.move(180, 300)
    await tooltips.arrive()
    assert await tooltip_fits(ann) == "More"
    await ann.mouse.move(200, 300)
    await ann.mouse.move(200, 320)
    await at_rest(ann)
    await expect(ann.get_by_test_id("tooltip")).to_have_text("More")
    # It goes with the focus.
    await ann.keyboard.press("Tab")
    await expect(ann.get_by_test_id("tooltip")).not_to_have_text("More")


async def test_a_label_comes_with_a_key_that_moves_the_focus_and_not_with_a_finger_a_click_or_the_page(
    visit: Visit,
) -> None:
    """It lay over what is below the field: the colours, and the first line of the history."""
    ann = await visit(**phone())
    tip = ann.get_by_test_id("tooltip")
    # The tooltips are there.
    await tab_to(ann, "tools")
    assert await tooltip_fits(ann) == "More"
    await ann.get_by_test_id("people").tap()
    await expect(ann.get_by_test_id("roster")).to_be_visible()
    await expect(tip).to_have_count(0)
    name = ann.get_by_test_id("your-name")
    await name.tap()
    await expect(name).to_be_focused()
    await at_rest(ann)
    await expect(tip).to_have_count(0)
    # To the colours, among them, and back.
    for key in ("Tab", "ArrowRight", "Shift+Tab"):
        await ann.keyboard.press(key)
        assert await tooltip_fits(ann)
    await expect(name).to_be_focused()
    await ann.keyboard.press("Escape")
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("roster")).to_have_count(0)
    # The page puts the focus into the field for the search.
    bob = await visit()
    await say(bob, 500, 300, "words to find")
    await tab_to(bob, "history")
    assert await tooltip_fits(bob)
    await bob.keyboard.press("Enter")
    await expect(bob.locator(".panel input")).to_be_focused()
    await at_rest(bob)
    await expect(bob.get_by_test_id("tooltip")).to_have_count(0)


# The least contrast of what is drawn at the edges: text and lines against the ground, with the opacity of the edge.
CONTRAST = """() => {
  const rgb = (color) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const light = (parts) => {
    const [r, g, b] = parts.map((part) => part / 255).map((x) => x <= 0.04 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = rgb(getComputedStyle(document.body).backgroundColor)
  const found = []
  for (const edge of document.querySelectorAll('.edge')) {
    const opacity = Number(getComputedStyle(edge).opacity)
    for (const each of edge.querySelectorAll('button, [data-testid="connection"]')) {
      if (!each.checkVisibility({ visibilityProperty: true })) continue
      const ink = rgb(getComputedStyle(each).color)
      const drawn = ink.map((part, i) => part * opacity + ground[i] * (1 - opacity))
      const [a, b] = [light(drawn), light(ground)].sort((x, y) => y - x)
      found.push([each.dataset.testid ?? each.ariaLabel, (a + 0.05) / (b + 0.05)])
    }
  }
  return found
}"""


async def test_while_one_writes_the_controls_keep_their_contrast(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    ann, _ = await visit(), await join()
    await ann.get_by_test_id("nearest").wait_for()
    await ann.mouse.click(400, 300)
    await ann.keyboard.type("writing")
    await expect(ann.locator(".page[data-talking]")).to_have_count(1)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        with subtests.test(scheme):
            await ann.emulate_media(color_scheme=scheme)
            await at_rest(ann)
            await ann.wait_for_function(
                "() => [...document.querySelectorAll('.edge')].every((each) => each.getAnimations().length === 0)"
            )
            found = await ann.evaluate(CONTRAST)
            assert len(found) >= 6
            assert [each for each in found if each[1] < 3] == []


async def test_no_control_is_inside_a_live_region(visit: Visit) -> None:
    """What is inside of a region is announced as text; a control's own name must not change with its state."""
    ann = await visit(**CLIPBOARD)
    inside = """() => [...document.querySelectorAll('.page :is([role="status"], [role="alert"], [aria-live])')]
      .filter((each) => each.querySelector('button, a[href], input') || each.closest('button, a'))
      .map((each) => each.outerHTML.slice(0, 120))"""
    await say(ann, 300, 300, "alone")
    await expect(ann.get_by_test_id("copy-invitation")).to_be_visible()
    assert await ann.evaluate(inside) == []
    await ann.get_by_test_id("share").click()
    await expect(ann.get_by_role("button", name="Copy link", exact=True).last).to_be_visible()
    await ann.get_by_test_id("copy-link").click()
    await expect(ann.get_by_test_id("share-panel").get_by_role("status")).to_have_text("Link copied")
    assert await ann.evaluate(inside) == []
    await ann.goto(ann.url.split("/c/")[0])
    await ann.get_by_test_id("join-name").fill("my garden!")
    await ann.get_by_test_id("join").click()
    await expect(ann.get_by_test_id("nearest")).to_be_visible()
    assert await ann.evaluate(inside) == []


# --- The end of a visit, and wrong addresses ---


async def test_who_is_removed_sees_so_and_nobody_stays_on_the_canvas(visit: Visit) -> None:
    ann = await own(visit)
    bob = await visit()
    await say(bob, 500, 500, "hello")
    await until_seen(ann, "hello")
    await ann.keyboard.press("Escape")
    await ann.mouse.move(500, 300)
    await ann.mouse.move(520, 320, steps=4)
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await ann.keyboard.type("a draft")
    await expect(bob.get_by_test_id("draft")).to_have_count(1)
    await bob.keyboard.type("what I wanted to say")
    await ann.get_by_test_id("people").click()
    for _ in range(2):
        await ann.get_by_test_id("remove").click()
    ended = bob.get_by_test_id("ended")
    await expect(ended).to_contain_text("You were removed from this channel")
    await expect(ended).to_be_in_viewport(ratio=1)
    for gone in ("cursor", "draft", "people", "minimap", "chip"):
        await expect(bob.get_by_test_id(gone)).to_have_count(0)
    await expect(bob.locator(CARET)).to_have_value("what I wanted to say")
    await bob.get_by_test_id("ended-start").click()
    await expect(bob.get_by_test_id("start")).to_be_visible()


async def test_an_unknown_address_is_a_page_of_ours_with_status_404(
    browser: Browser, server: Server, subtests: pytest.Subtests
) -> None:
    # Not `visit`, for which a 404 in the console is a fault. A service worker would answer from its cache.
    context = await browser.new_context(service_workers="block")
    page = await context.new_page()
    for path in ("/nowhere", "/a/b/c", "/my%20garden"):
        with subtests.test(path):
            answer = await page.goto(server.url(path))
            assert answer is not None
            assert answer.status == 404
            await expect(page.get_by_test_id("not-found")).to_be_visible()
            await page.get_by_test_id("to-start").click()
            await expect(page.get_by_test_id("start")).to_be_visible()
    await context.close()
