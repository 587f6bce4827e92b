"""The page in the reader's language, chosen or the browser's, from its first word, and mirrored where it must be."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Server, Visit
from .watch import say, until_seen, world_point

FACES = [("en-GB", "en", "ltr", "Only you"), ("de-AT", "de", "ltr", "Nur du"), ("es-MX", "es", "ltr", "Solo tú"),
         ("ar-EG", "ar", "rtl", "أنت وحدك")]  # fmt: skip


async def face(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(
        "() => [document.documentElement.lang, document.documentElement.dir || 'ltr']"
    )
    return found


async def choose(page: Page, language: str) -> None:
    """In the settings, as a hand would; the page comes back speaking it."""
    await page.get_by_test_id("settings").click()
    async with page.expect_navigation():
        await page.get_by_test_id("setting-language").select_option(label=language)
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")


@pytest.mark.parametrize(("locale", "lang", "dir_", "alone"), FACES)
async def test_the_browsers_language_is_spoken(visit: Visit, locale: str, lang: str, dir_: str, alone: str) -> None:
    ann = await visit(locale=locale)
    assert await face(ann) == [lang, dir_]
    await expect(ann.get_by_test_id("people")).to_contain_text(alone)


async def test_for_a_language_we_do_not_speak_it_is_english(visit: Visit) -> None:
    ann = await visit(locale="fi-FI")
    assert await face(ann) == ["en", "ltr"]


async def test_what_is_chosen_holds_over_the_browser_and_over_a_visit(visit: Visit) -> None:
    ann = await visit(locale="de-DE")
    await choose(ann, "Español")
    assert await face(ann) == ["es", "ltr"]
    await ann.reload()
    await expect(ann.get_by_test_id("people")).to_contain_text("Solo tú")
    await choose(ann, "العربية")
    assert await face(ann) == ["ar", "rtl"]
    await ann.get_by_test_id("settings").click()
    async with ann.expect_navigation():
        await ann.get_by_test_id("setting-language").select_option(index=0)
    await expect(ann.get_by_test_id("people")).to_contain_text("Nur du")


async def test_the_first_words_shown_are_already_in_the_language(server: Server, visit: Visit) -> None:
    ann = await visit("/health", live=False, locale="ar")
    # Every text the page ever shows, from its first: none is English.
    await ann.add_init_script(
        """
        window.shown = new Set()
        new MutationObserver(() => {
          const text = document.querySelector('[data-testid="zoom"]')?.textContent
          if (text) window.shown.add(text)
        }).observe(document, { subtree: true, childList: true, characterData: true })
        """
    )
    await ann.goto(server.url("/c/empty"))
    await ann.get_by_test_id("people").wait_for()
    shown = await ann.evaluate("() => [...window.shown]")
    assert shown
    assert not any("Home)" in text and "middle" in text for text in shown)


async def test_without_its_catalogue_the_page_is_english_and_works(visit: Visit, server: Server) -> None:
    ann = await visit("/health", live=False, locale="de-DE")
    await ann.context.route("**/assets/de-*.js", lambda route: route.abort("connectionrefused"))
    await ann.goto(server.url("/c/other"))
    await expect(ann.get_by_test_id("people")).to_contain_text("Only you")
    await say(ann, 300, 300, "hello")
    await until_seen(ann, "hello")


async def test_the_edges_change_sides_for_those_who_read_from_the_right_and_the_plane_does_not(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    ann, bob = await visit(locale="en"), await visit(locale="ar")
    with subtests.test("the plane"):
        await say(ann, 300, 200, "here")
        await until_seen(bob, "here")
        assert await world_point(ann, "here") == await world_point(bob, "here")
        boxes = [await page.locator('[data-testid="message"] .words').bounding_box() for page in (ann, bob)]
        assert boxes[0] == boxes[1]
    await ann.keyboard.press("Escape")
    await (await join()).cursor((9_000, 0))  # the minimap is there for somebody out of view
    for width, height in ((1000, 700), (375, 667)):
        with subtests.test("the edges", width=width):
            for page in (ann, bob):
                await page.set_viewport_size({"width": width, "height": height})
                await page.get_by_test_id("minimap").wait_for()
                # A narrow page has its tools behind three dots.
                if width < 560:
                    await page.get_by_test_id("tools").click()
            for part in ("channel", "people", "connection", "zoom", "minimap", "settings"):
                here, there = [await page.get_by_test_id(part).bounding_box() for page in (ann, bob)]
                assert here is not None
                assert there is not None
                left_here = here["x"] + here["width"] / 2 < width / 2
                left_there = there["x"] + there["width"] / 2 < width / 2
                assert left_here != left_there, part
                assert there["x"] >= 0
                assert there["x"] + there["width"] <= width


@pytest.mark.parametrize(
    ("locale", "words"),
    [("de", "Zu viele Nachrichten in einer Minute."), ("ar", "رسائل كثيرة في دقيقة واحدة.")],
)
async def test_a_refusal_is_explained_in_the_readers_language(visit: Visit, locale: str, words: str) -> None:
    ann = await visit(locale=locale)
    for n in range(4):
        await say(ann, 300, 100 + n * 60, f"line {n}")
    await expect(ann.get_by_test_id("unsent").first).to_contain_text(words)


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"rate_limit_per_minute": 3}
