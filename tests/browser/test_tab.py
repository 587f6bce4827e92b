"""One tab among others: what is its own, what it takes, and that it is where it says it is."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Server, Visit

CARET = '[data-testid="caret"]'
LIVE = '[data-testid="connection"][data-state="live"]'


async def count_is(page: Page, count: int) -> None:
    await expect(page.get_by_test_id("roster-count")).to_have_attribute("data-count", str(count))


# Drafts.


async def test_a_duplicated_tab_leaves_the_draft_to_the_first(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(200, 200)
    await ann.keyboard.type("half a thought")
    async with ann.context.expect_page() as opened:
        # Like "Duplicate tab", it takes a copy of the tab's storage along.
        await ann.evaluate("() => void window.open(location.href)")
    second = await opened.value
    await second.wait_for_selector(LIVE, state="attached")
    await expect(second.locator(CARET)).to_have_value("")
    await bob.resync()
    assert len({frame["message_id"] for frame in bob.received if frame["type"] == "typing"}) == 1
    # Each tab keeps its own over a reload.
    await second.mouse.click(300, 400)
    await second.keyboard.type("another")
    for page, text in ((second, "another"), (ann, "half a thought")):
        await page.reload()
        await expect(page.locator(CARET)).to_have_value(text)


async def test_what_a_crashed_page_left_is_there_again(visit: Visit) -> None:
    ann = await visit()
    await ann.mouse.click(200, 200)
    await ann.keyboard.type("not lost")
    # A page that crashed said nothing when it went.
    await ann.evaluate("() => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)")
    await ann.reload()
    await expect(ann.locator(CARET)).to_have_value("not lost")


# Dropping.

DROP = """([selector, type, data]) => {
  const dataTransfer = new DataTransfer()
  if (type === 'file') dataTransfer.items.add(new File(['x'], 'x.png', { type: 'image/png' }))
  else dataTransfer.setData(type, data)
  const target = document.querySelector(selector)
  return ['dragenter', 'dragover', 'drop'].map((name) => {
    const event = new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer, clientX: 500, clientY: 400 })
    target.dispatchEvent(event)
    return event.defaultPrevented
  })
}"""
PLANE = '[data-testid="plane"]'


async def test_what_is_dropped_on_the_plane_is_written_or_nothing(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit()
    for type_, data, written in (
        ("file", "", ""),
        ("text/plain", "some words", "some words"),
        ("text/uri-list", "# a comment\r\nhttps://example.org/", "https://example.org/"),
    ):
        with subtests.test(type_):
            assert await ann.evaluate(DROP, [PLANE, type_, data]) == [True, True, True]
            await expect(ann.locator(CARET)).to_have_value(written)
            if written:
                at = ann.locator(".caret[data-open]")
                assert (await at.get_attribute("data-x"), await at.get_attribute("data-y")) == ("0", "50")
        await ann.locator(CARET).fill("")
        await ann.keyboard.press("Escape")


async def test_words_are_dropped_into_the_draft_in_hand(visit: Visit, join: Join) -> None:
    ann, bob = await visit(), await join()
    await ann.mouse.click(200, 200)
    await ann.keyboard.type("one three")
    for _ in range(5):
        await ann.keyboard.press("ArrowLeft")
    await ann.evaluate(DROP, [PLANE, "text/plain", "two "])
    await ann.keyboard.press("Enter")
    assert (await bob.receive("chat"))["payload"] == "one two three"


NAME = '[data-testid="your-name"]'


async def test_a_file_is_opened_nowhere_in_place_of_the_page(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit()
    await ann.get_by_test_id("people").click()
    await ann.locator(NAME).wait_for()
    for selector in ("header", CARET, NAME, '[data-testid="tools"]'):
        with subtests.test(selector):
            assert await ann.evaluate(DROP, [selector, "file", ""]) == [True, True, True]
    with subtests.test("nor a link"):
        assert await ann.evaluate(DROP, ["header", "text/uri-list", "https://example.org/"]) == [True, True, True]
    with subtests.test("a field takes text by itself"):
        assert await ann.evaluate(DROP, [NAME, "text/plain", "Ann"]) == [False, False, False]


async def test_nothing_dropped_on_the_start_page_leaves_it(visit: Visit) -> None:
    ann = await visit("/", live=False)
    await ann.get_by_test_id("join-name").wait_for()
    assert await ann.evaluate(DROP, ["h1", "file", ""]) == [True, True, True]


# The link.


async def test_the_link_is_live_only_while_its_socket_is(visit: Visit, join: Join, subtests: pytest.Subtests) -> None:
    ann, witness = await visit(), await join()
    for persisted in ("true", "false"):
        for after in ("", "visibilitychange", "pageshow", "resume", "focus"):
            with subtests.test(after, persisted=persisted):
                await ann.evaluate(
                    f"() => dispatchEvent(new PageTransitionEvent('pagehide', {{ persisted: {persisted} }}))"
                )
                await expect(ann.locator(LIVE)).to_have_count(0)
                await witness.receive("user_left")
                if after:
                    target = "document" if after in ("visibilitychange", "resume") else "window"
                    await ann.evaluate(f"() => {target}.dispatchEvent(new Event('{after}'))")
                await ann.wait_for_selector(LIVE, state="attached")
                await witness.receive("user_joined")


# Who one is.


@pytest.mark.parametrize("storage", ["allowed", "forbidden"])
async def test_w84_a_reload_at_any_moment_leaves_one_guest(
    visit: Visit, join: Join, server: Server, storage: str
) -> None:
    witness = await join()
    ann = await visit("/health", live=False)
    if storage == "forbidden":
        await ann.add_init_script(
            "for (const name of ['localStorage', 'sessionStorage'])"
            " Object.defineProperty(window, name, { get() { throw new DOMException('', 'SecurityError') } })"
        )
    # The server's answer never arrives, nor does a close frame from here: loaded anew in the middle of the upgrade.
    await ann.add_init_script(
        "if (!history.state?.again) {"
        " Object.defineProperty(MessageEvent.prototype, 'data', { get: () => '' });"
        " WebSocket.prototype.close = () => {} }"
    )
    await ann.goto(server.url("/c/garden"), wait_until="commit")
    joined = await witness.receive("user_joined")
    await ann.evaluate("() => history.replaceState({ ...history.state, again: true }, '')")
    await ann.reload()
    await ann.wait_for_selector(LIVE, state="attached")
    await count_is(ann, 2)
    await witness.resync()
    joins = [frame["user_id"] for frame in witness.received if frame["type"] == "user_joined"]
    assert set(joins) == {joined["user_id"]}


async def test_w84_two_tabs_of_a_first_visit_are_one_guest(visit: Visit, join: Join, server: Server) -> None:
    witness = await join()
    elsewhere = await visit("/health", live=False)
    first, second = await elsewhere.context.new_page(), await elsewhere.context.new_page()
    await asyncio.gather(*(page.goto(server.url("/c/garden")) for page in (first, second)))
    for page in (first, second):
        await page.wait_for_selector(LIVE, state="attached")
    await count_is(first, 2)
    await count_is(second, 2)
    await witness.resync()
    assert len(witness.sync["users"]) == 2
