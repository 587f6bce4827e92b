"""Links in messages: http and https only, where they go is seen, and everything else is text."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import LIFE_S, Join, Server, Visit
from .test_finding import look_away
from .watch import messages, say, until_seen, world_under

LEFT = (-200.0, -50.0)
"""Where the messages of the tests hang, in view."""


async def opened(page: Page) -> Page:
    """The page that a press opens, kept from asking anybody for anything."""
    async with page.context.expect_page() as other:
        await page.get_by_test_id("link").click()
    return await other.value


async def nothing_leaves(page: Page) -> None:
    """Whatever is opened is answered here, so that no test asks another host."""
    await page.context.route("**/*.example/**", lambda route: route.fulfill(body="elsewhere"))


async def test_a_link_opens_beside_the_page_and_tells_nothing_of_us(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await nothing_leaves(bob)
    await ann.chat("look: https://there.example/a_(b)?c=d, now", at=LEFT)
    link = bob.get_by_test_id("link")
    await expect(link).to_have_text("https://there.example/a_(b)?c=d")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("title", "Opens there.example")
    assert await messages(bob) == ["look: https://there.example/a_(b)?c=d, now"]
    other = await opened(bob)
    assert other.url == "https://there.example/a_(b)?c=d"
    assert await other.evaluate("() => [window.opener, document.referrer]") == [None, ""]
    # The page is where it was, and no caret was opened by the press.
    assert bob.url.endswith("/c/garden")
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)
    # One's own are links too.
    await say(bob, 300, 500, "https://there.example/mine")
    await expect(bob.get_by_test_id("link")).to_have_count(2)


async def test_without_a_scheme_www_is_enough_and_by_keyboard_it_is_reached(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await nothing_leaves(bob)
    await ann.chat("www.there.example", at=LEFT)
    link = bob.get_by_test_id("link")
    await expect(link).to_have_attribute("href", "https://www.there.example/")
    await link.focus()
    async with bob.context.expect_page():
        await bob.keyboard.press("Enter")


NO_LINKS = (
    "<script>document.title='x'</script>",
    '<img src=x onerror="document.title=1">',
    '<a href="https://there.example">here</a>',
    "javascript:alert(1)",
    "JAVASCRIPT://there.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "https://bank.example@evil.example/",
)


async def test_everything_else_is_text(visit: Visit, join: Join, server: Server, subtests: pytest.Subtests) -> None:
    ann, bob = await join(), await visit()
    for text in NO_LINKS:
        with subtests.test(text):
            await ann.chat(text, at=(-200, -50))
            await until_seen(bob, text)
            # The part that makes links is here: what is none now will not become one.
            await ann.chat("https://there.example/last", at=(-200, 50))
            await expect(bob.get_by_test_id("link").filter(has_text="last")).to_have_count(1)
            assert text in await messages(bob)
            hrefs = await bob.get_by_test_id("link").evaluate_all("(all) => all.map(({ href }) => href)")
            assert set(hrefs) <= {"https://there.example/last", "https://there.example/"}
            # Beside links there are bare elements, one for each text between them.
            others = await bob.evaluate(
                """() => [...document.querySelectorAll('[data-testid="message"] .words :not(a)')]
                  .filter(({ tagName, attributes }) => tagName !== 'SPAN' || attributes.length > 0)
                  .map(({ outerHTML }) => outerHTML)"""
            )
            assert others == []
            assert await bob.title() == "garden · Asocial"
        await server.pass_time(LIFE_S, bob)
        await expect(bob.get_by_test_id("message")).to_have_count(0)


async def test_a_host_that_only_looks_like_another_is_shown_as_it_is(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    # The first letter is Cyrillic; then a character that sets the direction of what follows.
    await ann.chat("https://аpple.example/x", at=LEFT)
    await ann.chat("https://evil.example/\u2067gnp.exe", at=(-200, 50))
    links = bob.get_by_test_id("link")
    await expect(links).to_have_text(["https://xn--pple-43d.example/x", "https://evil.example/"])
    await expect(links.first).to_have_attribute("title", "Opens xn--pple-43d.example")
    assert await links.last.evaluate("(link) => getComputedStyle(link).unicodeBidi") == "isolate"
    assert await links.last.evaluate("(link) => getComputedStyle(link).direction") == "ltr"


async def test_an_address_that_is_still_being_typed_is_no_link(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.typing("https://there.example/a", message_id="one", at=LEFT)
    draft = bob.get_by_test_id("draft")
    await expect(draft).to_contain_text("https://there.example/a")
    await expect(draft.locator("a")).to_have_count(0)
    await ann.chat("https://there.example/a", message_id="one", at=LEFT)
    await expect(bob.get_by_test_id("link")).to_have_count(1)


@pytest.mark.parametrize("touch", [False, True])
async def test_dragging_from_a_link_moves_the_plane_and_opens_nothing(visit: Visit, join: Join, touch: bool) -> None:
    ann, bob = await join(), await visit(**({"has_touch": True, "is_mobile": True} if touch else {}))
    await nothing_leaves(bob)
    await ann.chat("https://there.example/a-long-way-off", at=LEFT)
    box = await bob.get_by_test_id("link").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if touch:
        cdp = await bob.context.new_cdp_session(bob)
        for kind, moved in (("touchStart", 0), *(("touchMove", step) for step in range(10, 130, 10)), ("touchEnd", 0)):
            points = [] if kind == "touchEnd" else [{"x": x + moved, "y": y + moved / 2}]
            await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    else:
        await bob.mouse.move(x, y)
        await bob.mouse.down()
        await bob.mouse.move(x + 120, y + 60, steps=8)
        await bob.mouse.up()
    assert await bob.evaluate("() => String(getSelection())") == ""
    assert await world_under(bob, 500, 500) == pytest.approx((-120, 90), abs=12)
    assert len(bob.context.pages) == 1
    # It can still be pressed.
    await look_away(bob, 120, 60)
    await expect(bob.get_by_test_id("link")).to_have_count(1)
