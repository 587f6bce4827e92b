"""W46: what others write is text, and stays in its place; and a page of ours runs under the headers it is given."""

from __future__ import annotations

from typing import Any

from tests.support.client import Client

from .conftest import Server, Visit

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=2</script>{{7*7}}'


async def test_w46_markup_in_payloads_drafts_and_names_is_shown_as_text(server: Server, visit: Visit) -> None:
    page = await visit("/c/garden")
    mallory = await Client.connect(server.url("").replace("http", "ws"), channel="garden")
    try:
        await mallory.profile("<b>Mallory</b>", "rust")
        await mallory.receive("user_updated")
        await mallory.typing(MARKUP, message_id="draft", at=(0, -80))
        await mallory.chat(MARKUP, message_id="said", at=(0, 0))
        await page.wait_for_function("text => document.querySelector('p.words')?.textContent === text", arg=MARKUP)
        shown: dict[str, Any] = await page.evaluate(
            "() => ({ owned: window.owned ?? null,"
            " images: document.querySelectorAll('.words img, .message-body img').length,"
            " bold: [...document.querySelectorAll('b')].filter((one) => one.textContent === 'Mallory').length,"
            " scripts: [...document.scripts].filter((one) => !one.src).length })"
        )
        assert shown == {"owned": None, "images": 0, "bold": 0, "scripts": 0}
    finally:
        await mallory.close()


async def test_w46_what_steers_direction_ends_with_its_message(server: Server, visit: Visit) -> None:
    page = await visit("/c/garden")
    mallory = await Client.connect(server.url("").replace("http", "ws"), channel="garden")
    try:
        await mallory.chat("\u2067never closed", message_id="said")
        words = page.locator("p.words")
        await words.wait_for()
        isolation = await words.evaluate("one => getComputedStyle(one).unicodeBidi")
        assert await words.get_attribute("dir") == "auto"
        assert isolation in ("isolate", "plaintext", "isolate-override")
    finally:
        await mallory.close()
