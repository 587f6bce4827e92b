"""A case that fails leaves its page to the next one as it was (watch.py)."""

from __future__ import annotations

import contextlib
from typing import Any, cast

import pytest
from playwright.async_api import Page, expect

from .conftest import Visit
from .watch import case


class FailuresIgnored:
    """In place of pytest's subtests, which would report a failure of this test."""

    def test(self, _name: str) -> contextlib.AbstractContextManager[Any]:
        return contextlib.suppress(AssertionError)


async def fail(page: Page, what: str) -> None:
    async with case(cast(pytest.Subtests, FailuresIgnored()), what, page):
        if what == "with a page that is gone":
            await page.goto("about:blank")
        else:
            await page.get_by_test_id("people").click()
            await expect(page.get_by_test_id("roster")).to_be_visible()
            await page.keyboard.down("Control")
            await page.mouse.down()
        raise AssertionError


@pytest.mark.parametrize("what", ["with a panel that is open", "with a page that is gone"])
async def test_the_page_of_a_case_that_failed_is_as_before_it(visit: Visit, what: str) -> None:
    ann = await visit()
    await ann.evaluate("() => { window.notLoadedAgain = true }")
    await fail(ann, what)
    await expect(ann.get_by_test_id("roster")).to_have_count(0)
    assert await ann.evaluate("() => window.notLoadedAgain ?? false") == (what == "with a panel that is open")
    await ann.mouse.move(300, 300)
    await ann.keyboard.type("hello")
    await expect(ann.locator(".caret textarea")).to_have_value("hello")
