"""W46: what others write is text, and stays in its place; and a page of ours runs under the headers it is given."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Join, Visit

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=2</script>{{7*7}}'


async def test_w46_what_others_write_stays_in_its_place(visit: Visit, join: Join, subtests: pytest.Subtests) -> None:
    page, mallory = await visit(), await join()
    with subtests.test("what steers direction ends with its message"):
        await mallory.chat("\u2067never closed", message_id="steers", at=(0, 120))
        words = page.locator("p.words")
        await words.wait_for()
        isolation = await words.evaluate("one => getComputedStyle(one).unicodeBidi")
        assert await words.get_attribute("dir") == "auto"
        assert isolation in ("isolate", "plaintext", "isolate-override")
    with subtests.test("markup in payloads, drafts and names is shown as text"):
        await mallory.profile("<b>Mallory</b>", "rust")
        await mallory.receive("user_updated")
        await mallory.typing(MARKUP, message_id="draft", at=(0, -80))
        await mallory.chat(MARKUP, message_id="said", at=(0, 0))
        await page.wait_for_function(
            "text => [...document.querySelectorAll('p.words')].filter((one) => one.textContent === text).length === 2",
            arg=MARKUP,
        )
        shown: dict[str, Any] = await page.evaluate(
            "() => ({ owned: window.owned ?? null,"
            " images: document.querySelectorAll('.words img, .message-body img').length,"
            " bold: [...document.querySelectorAll('b')].filter((one) => one.textContent === 'Mallory').length,"
            " scripts: [...document.scripts].filter((one) => !one.src).length })"
        )
        assert shown == {"owned": None, "images": 0, "bold": 0, "scripts": 0}
