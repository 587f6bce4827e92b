"""Keys on keyboards of all kinds: what types a character types it, and a shortcut works on every layout.

The whole table of layouts is web/tests/shared/keys/keys.test.ts; here a real browser sends a few of each kind.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.support.client import Client

from .conftest import Join, Visit
from .watch import messages, say, until_seen

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


async def test_alt_and_a_digit_that_types_nothing_reacts_while_one_writes(visit: Visit, join: Join) -> None:
    ann = await visit()
    witness = await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("so")
    await press(await keyboard(ann), "1", "Digit1", held=ALT)
    assert (await witness.receive("reaction"))["kind"] == "heart"
    await expect(ann.locator(CARET)).to_have_value("so")


@pytest.mark.parametrize(("layout", "r", "f", "m"), [
    ("Caps Lock", "R", "F", "M"), ("Arabic", "ق", "ب", "ة"), ("Russian", "к", "а", "ь"),
    ("Greek", "ρ", "φ", "μ"), ("Hebrew", "ר", "כ", "צ"),
])  # fmt: skip
async def test_letters_on_a_message_work_on_every_layout(visit: Visit, layout: str, r: str, f: str, m: str) -> None:
    ann, bob = await visit(locale="ar"), await visit()
    await say(bob, 480, 330, f"typed on {layout}")
    await until_seen(ann, f"typed on {layout}")
    keys = await keyboard(ann)
    message = ann.locator('[data-testid="message"] .message-body')
    await message.focus()
    await press(keys, r, "KeyR", text=r)
    await expect(ann.locator(CARET)).to_be_focused()
    await expect(ann.locator(CARET)).to_have_value("")
    await ann.keyboard.press("Escape")
    await message.focus()
    await press(keys, f, "KeyF", text=f)
    await expect(ann.get_by_test_id("following")).to_be_visible()
    await message.focus()
    await press(keys, m, "KeyM", text=m)
    await expect(message).to_have_count(0)


@pytest.mark.parametrize(("key", "code", "panel"), [
    ("؟", "Slash", "help-panel"), ("،", "KeyK", "settings-panel"), ("؛", "KeyP", "share-panel"),
    ("?", "Digit7", "help-panel"), (".", "Slash", "roster"),
])  # fmt: skip
async def test_a_sign_is_read_as_the_layout_types_it(visit: Visit, key: str, code: str, panel: str) -> None:
    ann = await visit()
    await ann.get_by_test_id("plane").focus()
    await press(await keyboard(ann), key, code, held=SHIFT, text=key)
    await expect(ann.get_by_test_id(panel)).to_be_visible()


@pytest.mark.parametrize(("key", "code", "held"), [("1", "Digit1", SHIFT), ("١", "Digit1", 0), ("२", "Numpad2", 0)])
async def test_digits_of_every_script_react(visit: Visit, join: Join, key: str, code: str, held: int) -> None:
    ann = await visit()
    witness = await join()
    await ann.get_by_test_id("plane").focus()
    await press(await keyboard(ann), key, code, held=held, text=key)
    assert (await witness.receive("reaction"))["kind"] in ("heart", "spark")


@pytest.mark.parametrize(("key", "code"), [("&", "Digit1"), ("²", "Backquote"), ("ф", "KeyA")])
async def test_what_types_a_character_starts_to_write_on_the_plane(visit: Visit, key: str, code: str) -> None:
    ann = await visit()
    await ann.get_by_test_id("plane").focus()
    await press(await keyboard(ann), key, code, text=key)
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
