"""Writing: the textarea under every keyboard, input method and clipboard."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from .conftest import Join, Visit
from .watch import case, messages, say, seen, type_letter_by_letter, until_seen, watch, world_point

CARET = '[data-testid="caret"]'
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


async def test_enter_sends_shift_enter_breaks_the_line_and_the_next_line_can_be_typed_at_once(
    visit: Visit, join: Join
) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("one")
    await ann.keyboard.press("Shift+Enter")
    await ann.keyboard.type("two")
    assert await messages(ann) == []
    await ann.keyboard.press("Enter")
    await ann.keyboard.type("three")
    await ann.keyboard.press("Enter")
    assert [(await bob.receive("chat"))["payload"] for _ in range(2)] == ["one\ntwo", "three"]


async def test_escape_drops_the_draft_for_everyone(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("never mind")
    draft = bob.locator('[data-testid="draft"]')
    await expect(draft).to_have_count(1)
    await ann.keyboard.press("Escape")
    await expect(draft).to_have_count(0)
    assert await messages(ann) == []


async def test_clicking_elsewhere_sends_what_is_written_and_starts_there(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("on the left")
    await ann.mouse.click(600, 500)
    await ann.keyboard.type("on the right")
    await ann.keyboard.press("Enter")
    left, right = await bob.receive("chat"), await bob.receive("chat")
    assert (left["payload"], right["payload"]) == ("on the left", "on the right")
    assert [right["position"][axis] - left["position"][axis] for axis in "xy"] == [300, 200]


async def test_own_words_hang_before_the_server_has_answered(visit: Visit) -> None:
    ann = await visit()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("at once")
    # In the same task as the key, so that no answer can have come yet.
    shown = await ann.evaluate(
        """() => {
          const caret = document.querySelector('[data-testid="caret"]')
          caret.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
          return new Promise((done) => requestAnimationFrame(() => {
            const message = document.querySelector('[data-testid="message"]')
            done(message && message.querySelector('.words').textContent)
          }))
        }"""
    )
    assert shown == "at once"


async def test_enter_inside_a_composition_does_not_send(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(300, 300)
    cdp = await ann.context.new_cdp_session(ann)
    await cdp.send("Input.imeSetComposition", {"text": "かんじ", "selectionStart": 3, "selectionEnd": 3})
    # What a browser reports for keys that the input method takes (UI Events, 7.3.1).
    for kind in ("rawKeyDown", "keyUp"):
        await cdp.send(
            "Input.dispatchKeyEvent", {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
        )
    await cdp.send("Input.insertText", {"text": "漢字"})
    await expect(ann.locator(CARET)).to_have_value("漢字")
    assert await messages(ann) == []
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == "漢字"


async def test_a_paste_is_cleaned_cut_and_says_so(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(300, 300)
    await ann.evaluate(
        """(text) => {
          const caret = document.querySelector('[data-testid="caret"]')
          caret.focus()
          document.execCommand('insertText', false, text)
        }""",
        "a\tb\u0007c " + "😀" * 600,
    )
    await expect(ann.locator('[data-testid="count"]')).to_have_text(re.compile("did not fit"))
    value = await ann.locator(CARET).input_value()
    assert value.startswith("a b")
    assert "\u0007" not in value
    assert len(value) == 500
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == value


async def test_each_line_runs_in_its_own_direction(visit: Visit, subtests: pytest.Subtests) -> None:
    ann, bob = await visit(), await visit()
    lines = (("שלום לכולם", "rtl", 200), ("hello all", "ltr", 350), ("مرحبا", "rtl", 500))
    for text, direction, y in lines:
        async with case(subtests, text, ann):
            await say(ann, 500, y, text)
            await until_seen(bob, text)
            words = bob.locator('[data-testid="message"] .words', has_text=text)
            assert await words.evaluate("element => getComputedStyle(element).direction") == direction


async def test_markup_is_text(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    text = '<img src=x onerror="document.title=1"><b>bold</b> & <script>1</script>'
    await ann.chat(text, at=(-300, -50))
    await until_seen(bob, "<b>bold</b>")
    assert await messages(bob) == [text]
    assert await bob.locator('[data-testid="message"] b, [data-testid="message"] img').count() == 0


async def test_drafts_are_seen_letter_by_letter_at_their_point(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await watch(bob)
    await ann.mouse.click(640, 420)
    await type_letter_by_letter(ann, "wind", bob)
    assert (await seen(bob))["drafts"] == ["w", "wi", "win", "wind"]
    draft, caret = bob.locator('[data-testid="draft"]'), ann.locator(".caret[data-open]")
    for axis in ("data-x", "data-y"):
        assert await draft.get_attribute(axis) == await caret.get_attribute(axis)


async def test_any_letter_opens_a_caret_where_the_pointer_is_and_without_one_in_the_middle(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.mouse.move(250, 200)
    await ann.keyboard.type("yes")
    await ann.keyboard.press("Enter")
    await until_seen(bob, "yes")
    assert await world_point(bob, "yes") == (250 - 500, 200 - 350)
    await bob.keyboard.type("middle")
    await bob.keyboard.press("Enter")
    await until_seen(ann, "middle")
    assert await world_point(ann, "middle") == (0, 0)


async def test_names_and_messages_are_cut_between_graphemes(visit: Visit, join: Join) -> None:
    ann = await visit()
    witness = await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.insert_text("x" * 496 + FAMILY)
    await expect(ann.locator(CARET)).to_have_value("x" * 496)
    await expect(ann.get_by_test_id("count")).to_contain_text("7")
    await ann.keyboard.press("Enter")
    assert (await witness.receive("chat"))["payload"] == "x" * 496
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("your-name").fill("a" * 29 + FAMILY)
    await ann.keyboard.press("Enter")
    assert (await witness.receive("user_updated"))["name"] == "a" * 29
