"""The embed script over pages of another site: those of examples/embed, opened by people whose widths differ."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.waiting import eventually, eventually_is

from .conftest import LIFE_S, Join, Server
from .embedding import (
    NARROW,
    OPENED,
    PAGES,
    RECORD,
    SAID,
    STRICT,
    TARGETS,
    WIDE,
    Open,
    Site,
    box_of,
    server,
    site,
    stands_at,
    talk_at,
    visit_site,
)

__all__ = ["server", "site", "visit_site"]


@pytest.mark.parametrize("name", PAGES)
async def test_words_stand_at_the_same_paragraph_whatever_the_width(
    visit_site: Open, server: Server, subtests: pytest.Subtests, name: str
) -> None:
    wide, narrow = await visit_site(name, WIDE), await visit_site(name, NARROW)
    await expect(wide.locator("asocial-embed .talk")).to_contain_text("2")
    target = TARGETS[name]
    for words, ann, bob in (("right here", wide, narrow), ("and there", narrow, wide)):
        with subtests.test("said on the wide page" if ann is wide else "said on the narrow page"):
            for page in (ann, bob):
                await page.locator(target).scroll_into_view_if_needed()
            box = await box_of(ann, target)
            await talk_at(ann, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, words)
            message = bob.locator(f"asocial-embed {SAID}")
            await expect(message).to_contain_text(words)
            for page in (ann, bob):
                await expect(page.locator(f"asocial-embed {SAID}")).to_be_visible()
                await stands_at(page, target)
            # The page gets what is done on a message too.
            await bob.evaluate(RECORD)
            said = await box_of(bob, f"asocial-embed {SAID}")
            for point in ((said["x"] + said["width"] / 2, said["y"] + said["height"] / 2), (30, 60)):
                await bob.mouse.click(*point)
            await bob.keyboard.press("x")
            assert await bob.evaluate("got") == [["pointerdown", False], ["click", False]] * 2 + [["keydown", False]]
        await ann.keyboard.press("Escape")
        await server.pass_time(LIFE_S, ann, bob)
        for page in (ann, bob):
            await expect(page.locator(f"asocial-embed {SAID}")).to_have_count(0)


async def test_the_page_gets_all_of_its_own_clicks_and_keys(visit_site: Open) -> None:
    """Also while a caret is open: what is typed there reaches no shortcut of the page."""
    ann = await visit_site("app.html")
    await ann.click("#list-next .card:nth-of-type(2)")
    await ann.keyboard.press("j")
    assert await ann.evaluate("[pressed, clicked.length]") == [["j"], 1]
    before = await ann.locator(".card").count()
    card = await box_of(ann, "#list-later .card:nth-of-type(1)")
    await talk_at(ann, card["x"] + 50, card["y"] + 10, "n j k")
    await expect(ann.locator(f"asocial-embed {SAID}")).to_contain_text("n j k")
    assert await ann.locator(".card").count() == before
    assert await ann.evaluate("[pressed, clicked.length]") == [["j"], 1]
    await ann.keyboard.press("Escape")
    await expect(ann.locator("asocial-embed .root")).not_to_have_attribute("data-talking", "")
    await ann.keyboard.press("n")
    assert await ann.locator(".card").count() == before + 1


async def test_a_key_turns_talking_on_and_the_focus_goes_back_to_the_page(visit_site: Open) -> None:
    ann = await visit_site("app.html")
    await ann.focus("header a")
    await ann.keyboard.press("Control+Shift+Y")
    await expect(ann.locator("asocial-embed .root")).to_have_attribute("data-talking", "")
    await ann.mouse.click(200, 500)
    await expect(ann.locator("asocial-embed .caret input")).to_be_focused()
    await ann.keyboard.type("never mind")
    await ann.keyboard.press("Escape")
    await expect(ann.locator("asocial-embed .caret")).to_have_count(0)
    assert await ann.evaluate("document.activeElement.textContent") == "Board"


async def test_others_see_a_draft_and_a_pointer_with_its_name(visit_site: Open) -> None:
    ann, bob = await visit_site("article.html"), await visit_site("article.html", NARROW)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    paragraph = await box_of(ann, "body > p:nth-of-type(1)")
    await ann.mouse.move(paragraph["x"] + 100, paragraph["y"] + 20)
    pointer = bob.locator('asocial-embed .item[data-kind="pointer"]')
    await expect(pointer).to_be_visible()
    assert (await pointer.inner_text()).strip()
    await ann.locator("asocial-embed .talk").click()
    await ann.mouse.click(paragraph["x"] + 100, paragraph["y"] + 20)
    await ann.keyboard.type("I am writ")
    draft = bob.locator('asocial-embed .item[data-kind="draft"]')
    await expect(draft).to_contain_text("I am writ")
    await ann.keyboard.press("Escape")
    await expect(draft).to_have_count(0)


async def test_a_message_goes_when_its_life_ends_and_nothing_runs_on_a_quiet_page(
    visit_site: Open, server: Server
) -> None:
    ann, bob = await visit_site("article.html"), await visit_site("article.html")
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await talk_at(ann, 500, 300, "soon over")
    for page in (ann, bob):
        await expect(page.locator(f"asocial-embed {SAID}")).to_contain_text("soon over")
    await ann.keyboard.press("Escape")
    await server.pass_time(200, ann, bob)
    for page in (ann, bob):
        await expect(page.locator(f"asocial-embed {SAID}")).to_have_count(0)
    await bob.evaluate(
        """() => { window.frames_asked = 0
        const { requestAnimationFrame } = window
        window.requestAnimationFrame = (run) => { window.frames_asked += 1; return requestAnimationFrame(run) } }"""
    )

    async def asked() -> int:
        """In 300 ms."""
        count: int = await bob.evaluate(
            "() => new Promise((done) => { frames_asked = 0; setTimeout(() => done(frames_asked), 300) })"
        )
        return count

    # A pointer goes when it has not moved for 10 s.
    await eventually_is(asked, 0)


async def listeners(page: Page) -> dict[str, int]:
    """How many listeners the page's own objects have, as the browser counts them."""
    session = await page.context.new_cdp_session(page)
    counts = {}
    for expression in ("window", "document", "document.documentElement", "document.body"):
        found = await session.send("Runtime.evaluate", {"expression": expression})
        listed = await session.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
        counts[expression] = len(listed["listeners"])
    await session.detach()
    return counts


@pytest.mark.parametrize("name", PAGES)
async def test_destroy_leaves_nothing(visit_site: Open, site: Site, name: str) -> None:
    site.attributes = 'data-start="quiet"'
    bare = await visit_site(name, live=False, java_script_enabled=True)
    await bare.wait_for_function("window.asocial")
    await bare.evaluate("asocial.destroy()")
    before = await listeners(bare), await bare.evaluate("document.documentElement.outerHTML")
    site.attributes = ""
    ann = await visit_site(name)
    await talk_at(ann, 500, 300, "hello")
    await expect(ann.locator(f"asocial-embed {SAID}")).to_contain_text("hello")
    await ann.mouse.click(520, 420)
    await ann.keyboard.type("half a")
    await ann.evaluate("asocial.destroy()")
    html = await ann.evaluate("document.documentElement.outerHTML")
    assert "asocial-embed" not in html
    assert html == before[1].replace(' data-start="quiet"', "")
    assert await listeners(ann) == before[0]
    assert await ann.evaluate("[typeof window.asocial, document.cookie]") == ["undefined", ""]


async def test_it_works_under_a_strict_policy_with_integrity_and_without_storage(
    visit_site: Open, site: Site, server: Server
) -> None:
    socket = server.url("").replace("http", "ws")
    site.headers = {"Content-Security-Policy": STRICT.format(server=server.url(""), socket=socket)}
    probe = await visit_site("article.html", live=False)
    published = await probe.request.get(server.url("/embed.json"))
    made = await published.json()
    site.attributes = f'integrity="{made["integrity"]}" crossorigin="anonymous" data-storage="none"'
    ann = await visit_site("article.html")
    await talk_at(ann, 500, 300, "strictly")
    await expect(ann.locator(f"asocial-embed {SAID}")).to_contain_text("strictly")
    assert await ann.evaluate("localStorage.length") == 0
    versioned = await ann.request.get(server.url(made["src"]))
    script = await versioned.body()
    assert script == await (await ann.request.get(server.url("/embed.js"))).body()
    assert script.isascii(), "a page of another encoding reads the script in its own"


async def test_a_reader_is_the_same_guest_on_the_next_page(visit_site: Open, server: Server) -> None:
    ann = await visit_site("article.html")
    await eventually_is(lambda: ann.evaluate("localStorage.length"), 1)
    token = await ann.evaluate("Object.entries(localStorage)[0]")
    assert token[0] == f"asocial:{server.url('')}"
    await ann.reload()
    await ann.wait_for_selector("asocial-embed .root[data-live]", state="attached")
    assert await ann.evaluate("Object.keys(localStorage).length") == 1
    await expect(ann.locator("asocial-embed .talk")).not_to_contain_text("2")


async def test_another_address_of_an_app_is_another_channel(visit_site: Open, join: Join) -> None:
    ann = await visit_site("app.html")
    first = await ann.evaluate("asocial.channel")
    bob = await join(first)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await ann.click("[data-view=archive]")
    await ann.wait_for_function("(first) => asocial.channel !== first", arg=first)
    await bob.receive("user_left")
    await expect(ann.locator("asocial-embed .talk")).not_to_contain_text("2")
    await ann.go_back()
    await bob.receive("user_joined")
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")


async def test_the_page_hears_messages_and_the_count(visit_site: Open, join: Join) -> None:
    bob = await visit_site("article.html")
    await bob.evaluate(
        """() => { window.heard = []
        asocial.on('message', ({ text, mine }) => heard.push([text, mine]))
        asocial.on('count', () => { throw new Error('a listener of the page') }) }"""
    )
    ann = await join(await bob.evaluate("asocial.channel"))
    await expect(bob.locator("asocial-embed .talk")).to_contain_text("2")
    assert await bob.evaluate("asocial.count") == 2
    await ann.chat("for the page", at=(400, 300))
    await bob.wait_for_function("heard.length > 0")
    assert await bob.evaluate("heard") == [["for the page", False]]


async def test_the_shadow_is_closed_and_prints_nothing(browser: Browser, site: Site, server: Server) -> None:
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await page.goto(f"{site.origin}/blog.html")
        await page.wait_for_selector("asocial-embed", state="attached")
        assert await page.evaluate("document.querySelector('asocial-embed').shadowRoot") is None
        style = "(() => { const s = getComputedStyle(document.querySelector('asocial-embed'))\nreturn %s })()"
        assert await page.evaluate(style % "[s.position, s.pointerEvents, s.opacity]") == ["fixed", "none", "1"]
        await page.emulate_media(media="print")
        assert await page.evaluate(style % "s.display") == "none"
    finally:
        await context.close()


async def test_text_is_never_markup(visit_site: Open, join: Join) -> None:
    bob = await visit_site("article.html")
    ann = await join(await bob.evaluate("asocial.channel"))
    await ann.chat("<img src=x onerror=alert(1)> javascript:alert(1) https://example.org/a", at=(500, 300))
    message = bob.locator(f"asocial-embed {SAID}")
    await expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    assert await message.locator("img").count() == 0
    links = message.locator("a")
    assert await links.count() == 1
    assert await links.get_attribute("href") == "https://example.org/a"
    assert await links.get_attribute("rel") == "noopener noreferrer nofollow"


async def test_only_listed_sites_can_connect(browser: Browser, server: Server, site: Site) -> None:
    """Visitors are not bothered with it; the site's author reads why in the console."""
    site.attributes = 'data-language="es"'
    await server.restart(allowed_origins="https://other.example")
    context = await browser.new_context()
    try:
        await context.add_init_script(OPENED)
        page = await context.new_page()
        warnings: list[str] = []
        page.on("console", lambda line: warnings.append(line.text) if line.type == "warning" else None)
        await page.goto(f"{site.origin}/article.html")
        await eventually(lambda: any("ASOCIAL_ALLOWED_ORIGINS" in each for each in warnings), "a warning")
        status = page.locator("asocial-embed .status")
        await expect(status).to_be_empty()
        await page.locator("asocial-embed .talk").click()
        await expect(status).to_contain_text("No puedes unirte")
        assert await page.locator("asocial-embed .root[data-live]").count() == 0
        # The first refusal is the last attempt, also after the pause that would follow.
        [refused] = [each for each in warnings if "origin_forbidden" in each]
        assert site.origin in refused
        assert server.app is not None
        before = server.app.counters.refusals["origin_forbidden"]
        await asyncio.sleep(1.5)
        assert server.app.counters.refusals["origin_forbidden"] == before
    finally:
        await context.close()


async def test_an_owner_moderates_from_the_page(visit_site: Open, site: Site, server: Server) -> None:
    site.attributes = 'data-channel="club"'
    ann, bob = await visit_site("article.html"), await visit_site("article.html")
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await talk_at(ann, 400, 300, "who I am")
    await bob.wait_for_selector(f"asocial-embed {SAID}")
    assert server.app is not None
    await bob.evaluate("window.ids = []; void asocial.on('message', ({ userId }) => ids.push(userId))")
    await ann.mouse.click(420, 400)
    await ann.keyboard.type("again")
    await ann.keyboard.press("Enter")
    await bob.wait_for_function("ids.length > 0")
    [owner] = await bob.evaluate("ids")
    await server.restart(channel_owners=f"embed-club:{owner}")
    for page in (ann, bob):
        await page.wait_for_selector("asocial-embed .root[data-live]", state="attached")
    await expect(ann.locator("asocial-embed .clear")).to_be_visible()
    await expect(bob.locator("asocial-embed .clear")).to_be_hidden()
    await talk_at(bob, 400, 300, "something bad")
    bad = ann.locator(f"asocial-embed {SAID}", has_text="something bad")
    await expect(bad).to_be_visible()
    await ann.locator("asocial-embed .clear").click()
    await expect(bad).to_have_count(0)
    await expect(bob.locator(f"asocial-embed {SAID}", has_text="something bad")).to_have_count(0)


async def test_a_box_shows_the_canvas_and_the_name_only(browser: Browser, site: Site, server: Server) -> None:
    await server.restart(frame_ancestors=site.origin)
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await page.goto(f"{site.origin}/app.html")
        await page.evaluate(
            """(src) => { const box = document.createElement('iframe')
            document.body.append(Object.assign(box, { src, width: 600, height: 400 })) }""",
            server.url("/c/garden?embed=1"),
        )
        box = page.frame_locator("iframe")
        await expect(box.get_by_test_id("channel")).to_have_text("garden")
        await expect(box.get_by_test_id("share")).to_be_hidden()
        await expect(box.locator(".edge:not(header)").first).to_be_hidden()
        await expect(box.locator(".plane")).to_be_visible()
    finally:
        await context.close()


@pytest.mark.parametrize(("anchor", "scrolls"), [("document", True), ("none", False)])
async def test_words_stay_with_a_point_of_the_page_or_of_the_window(
    visit_site: Open, site: Site, anchor: str, scrolls: bool
) -> None:
    site.attributes = f'data-anchor="{anchor}"'
    ann, bob = await visit_site("article.html"), await visit_site("article.html")
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await bob.evaluate("scrollTo(0, 120)")
    await talk_at(ann, 400, 300, "over here")
    said = f"asocial-embed {SAID}"
    await ann.wait_for_selector(said)
    await bob.wait_for_selector(said)
    here = await box_of(ann, said)

    async def is_there() -> bool:
        there = await box_of(bob, said)
        return abs(there["y"] - (here["y"] - 120 * scrolls)) < 2 and abs(there["x"] - here["x"]) < 2

    await eventually(is_there, "it stands at the same point")
