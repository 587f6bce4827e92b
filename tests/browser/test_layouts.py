"""Keys on keyboards of all kinds: what types a character types it, and a shortcut works on every layout.

The whole table of layouts is web/tests/shared/keys/keys.test.ts; here a real browser sends a few of each kind.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.support.client import Client

from .conftest import Join, Visit
from .watch import go_back, messages, until_seen

CARET = '[data-testid="caret"]'
ALT, CTRL, SHIFT = 1, 2, 8


async def keyboard(page: Page) -> CDPSession:
    return await page.context.new_cdp_session(page)


async def press(
    keys: CDPSession, key: str, code: str, *, held: int = 0, text: str | None = None, virtual: int = 0
) -> None:
    """One key as the layout of somebody's keyboard sends it. `text`: what it types."""
    event: dict[str, Any] = {"key": key, "code": code, "modifiers": held, "windowsVirtualKeyCode": virtual}
    down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
    await keys.send("Input.dispatchKeyEvent", event | down)
    await keys.send("Input.dispatchKeyEvent", event | {"type": "keyUp"})


async def nobody_reacted(witness: Client) -> None:
    """What is sent after a reaction comes after it."""
    await witness.resync()
    assert [frame for frame in witness.received if frame["type"] == "reaction"] == []


async def test_option_and_a_digit_write_what_they_type(visit: Visit, join: Join) -> None:
    ann = await visit()
    witness = await join()
    await ann.mouse.click(300, 300)
    keys = await keyboard(ann)
    typed = ""
    for char, digit in ("#3", "@2", "|1", "[5", "]6", "™2", "€2", "{4", "²2", "&1"):
        await press(keys, char, f"Digit{digit}", held=ALT, text=char)
        typed += char
        await expect(ann.locator(CARET)).to_have_value(typed)
    for digit in "0153":
        await press(keys, digit, f"Numpad{digit}", held=ALT)
    await ann.keyboard.type(" said")
    await ann.keyboard.press("Enter")
    assert (await witness.receive("chat"))["payload"] == f"{typed} said"
    await nobody_reacted(witness)


@pytest.mark.parametrize("settings", [{"message_ttl_seconds": 300, "message_ttl_max_seconds": 300}], ids=["long life"])
async def test_on_a_message_what_types_a_character_begins_a_reply(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    """Letters, signs and digits are no commands, on no layout."""
    ann, bob, witness = await visit(locale="ar"), await join(), await join()
    await bob.chat("something to reply to", at=(-20, -20))
    await until_seen(ann, "something to reply to")
    message = ann.locator('[data-testid="message"] .message-body')
    keys = await keyboard(ann)
    for layout, char, code in (
        ("Caps Lock", "R", "KeyR"), ("Arabic", "ق", "KeyR"), ("Russian", "ь", "KeyM"), ("Greek", "φ", "KeyF"),
        ("Hebrew", "ר", "KeyR"), ("French", "&", "Digit1"), ("Persian", "؟", "Slash"), ("German", "?", "Minus"),
        ("Hindi", "२", "Numpad2"), ("Russian", ".", "Slash"),
    ):  # fmt: skip
        with subtests.test(f"{layout} {char}"):
            await message.focus()
            await press(keys, char, code, text=char)
            await expect(ann.locator(CARET)).to_have_value(char)
            await expect(message).to_have_count(1)
            for panel in ("help-panel", "settings-panel", "share-panel", "roster", "following"):
                await expect(ann.get_by_test_id(panel)).to_have_count(0)
            await nobody_reacted(witness)
        await go_back(ann)


async def test_control_shift_and_a_digit_react_on_every_layout(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    ann, witness = await visit(), await join()
    keys = await keyboard(ann)
    # To nobody, no reaction is sent.
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    for key, code, kind in (("!", "Digit1", "heart"), ("1", "Digit1", "heart"), ("٢", "Digit2", "spark")):
        with subtests.test(key):
            await ann.mouse.click(300, 300)
            await ann.keyboard.type("so")
            await press(keys, key, code, held=CTRL | SHIFT)
            assert (await witness.receive("reaction"))["kind"] == kind
            await expect(ann.locator(CARET)).to_have_value("so")
        await go_back(ann)


async def test_what_types_a_character_starts_to_write_on_the_plane(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit()
    keys = await keyboard(ann)
    for key, code in (("&", "Digit1"), ("²", "Backquote"), ("ф", "KeyA")):
        with subtests.test(key):
            await go_back(ann)
            await expect(ann.get_by_test_id("plane")).to_be_focused()
            await press(keys, key, code, text=key)
            await expect(ann.locator(CARET)).to_have_value(key)


async def test_an_input_method_has_its_keys_in_every_field(visit: Visit) -> None:
    ann = await visit()
    keys = await keyboard(ann)
    await ann.mouse.click(300, 300)
    await keys.send("Input.imeSetComposition", {"text": "ka", "selectionStart": 2, "selectionEnd": 2})
    for key in ("Enter", "Escape", "ArrowDown", "1", "?"):
        await press(keys, key, key, virtual=229)
    await press(keys, "2", "Digit2", held=ALT, virtual=229)
    await press(keys, "Dead", "Quote")
    await keys.send("Input.insertText", {"text": "か"})
    await expect(ann.locator(CARET)).to_have_value("か")
    assert await messages(ann) == []
    await ann.keyboard.press("Escape")
    # A name, in a panel that Escape closes.
    await ann.get_by_test_id("people").click()
    name = ann.get_by_test_id("your-name")
    await name.fill("")
    await keys.send("Input.imeSetComposition", {"text": "an", "selectionStart": 2, "selectionEnd": 2})
    for key in ("Enter", "Escape"):
        await press(keys, key, key, virtual=229)
    await keys.send("Input.insertText", {"text": "安"})
    await expect(name).to_be_focused()
    await expect(name).to_have_value("安")
