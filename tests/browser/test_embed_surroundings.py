"""The embed script on pages and devices of many kinds: zoom, touch, frames, apps that replace their DOM."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.support.waiting import eventually, eventually_is

from .conftest import Server
from .embedding import (
    NARROW,
    OPENED,
    SAID,
    TARGETS,
    TRACED,
    WIDE,
    Open,
    Site,
    box_of,
    forced_layouts,
    server,
    site,
    stands_at,
    talk_at,
    visit_site,
)

__all__ = ["server", "site", "visit_site"]

ROOT = "asocial-embed .root"
MESSAGE = f"asocial-embed {SAID}"
ARTICLE = TARGETS["article.html"]


async def say_at(page: Page, target: str, text: str) -> None:
    await page.locator(target).scroll_into_view_if_needed()
    box = await box_of(page, target)
    await talk_at(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, text)
    await expect(page.locator(MESSAGE, has_text=text)).to_be_visible()


async def test_w184_visitors_of_a_crowded_page_see_each_other_at_the_same_content(
    visit_site: Open, server: Server
) -> None:
    """Far down the page, where two widths have the same paragraph at other heights of the document."""
    await server.restart(crowd_threshold=2)
    ann, bob = await visit_site("article.html", WIDE), await visit_site("article.html", NARROW)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    target = "body > p:nth-of-type(11)"
    for page in (ann, bob):
        await page.locator(target).scroll_into_view_if_needed()
    box = await box_of(ann, target)
    pointer = bob.locator('asocial-embed .item[data-kind="pointer"]')
    at = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]

    async def pointers() -> bool:
        at[0] = box["x"] + (at[0] - box["x"] + 5) % box["width"]  # until the view of the other has arrived
        await ann.mouse.move(at[0], at[1])
        return await pointer.count() > 0 and await pointer.is_visible()

    await eventually_is(pointers, True)
    await stands_at(bob, target, 'asocial-embed .item[data-kind="pointer"]')
    await ann.locator("asocial-embed .talk").click()
    await ann.mouse.click(*at)
    await ann.keyboard.type("down here")
    await expect(bob.locator('asocial-embed .item[data-kind="draft"]')).to_contain_text("down here")
    await ann.keyboard.press("Enter")
    await expect(bob.locator(MESSAGE)).to_contain_text("down here")
    await stands_at(bob, target)


async def test_words_stand_at_their_paragraph_on_zoomed_pages(visit_site: Open) -> None:
    """CSS zoom, a browser's zoom (fewer pixels, of which each is larger), and a pinch."""
    ann = await visit_site("article.html")
    bob = await visit_site("article.html", {"width": 853, "height": 533}, device_scale_factor=1.5)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await say_at(ann, ARTICLE, "in any size")
    await bob.locator(ARTICLE).scroll_into_view_if_needed()
    await expect(bob.locator(MESSAGE)).to_be_visible()
    await stands_at(bob, ARTICLE)
    session = await bob.context.new_cdp_session(bob)
    await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    await bob.wait_for_function("visualViewport.scale > 1.5")
    await stands_at(bob, ARTICLE)
    await session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1})
    for where, zoom in (("documentElement", "1.5"), ("documentElement", "1"), ("body", "0.75")):
        await ann.evaluate("([where, zoom]) => { document[where].style.zoom = zoom }", [where, zoom])
        if where == "documentElement":
            await expect(ann.locator(ROOT)).to_have_css("zoom", f"{1 / float(zoom):.6f}".rstrip("0").rstrip("."))
        await ann.locator(ARTICLE).scroll_into_view_if_needed()
        await ann.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await stands_at(ann, ARTICLE)
        box = await box_of(ann, ARTICLE)
        x, y = box["x"] + 60, box["y"] + 20
        await ann.mouse.click(x, y)
        caret = await box_of(ann, "asocial-embed .caret")
        assert abs(caret["x"] - x) < 3
        assert abs(caret["y"] + caret["height"] / 2 - y) < 20
        await ann.keyboard.press("Escape")


async def test_a_visitor_with_a_finger_on_a_page_from_right_to_left(visit_site: Open, site: Site) -> None:
    site.replace = {'<html lang="en">': '<html lang="ar" dir="rtl">'}
    bob = await visit_site("documentation.html", NARROW, has_touch=True, is_mobile=True)
    await expect(bob.locator("asocial-embed .talk")).to_have_text("تحدّث على هذه الصفحة")
    assert (await box_of(bob, "asocial-embed .talk"))["x"] < 100, "the corner where lines end"
    await bob.locator("asocial-embed .talk").tap()
    # The finger scrolls the part of the page that scrolls, though a layer lies over it.
    session = await bob.context.new_cdp_session(bob)
    for kind, y in (("touchStart", 500), ("touchMove", 420), ("touchMove", 380), ("touchEnd", None)):
        points = [] if y is None else [{"x": 200, "y": y}]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await bob.wait_for_function("document.querySelector('main').scrollTop > 50")
    target = TARGETS["documentation.html"]
    await bob.locator(target).scroll_into_view_if_needed()
    box = await box_of(bob, target)
    await bob.touchscreen.tap(box["x"] + 80, box["y"] + 40)
    await bob.keyboard.type("بإصبع")
    await bob.keyboard.press("Enter")
    await expect(bob.locator(MESSAGE)).to_contain_text("بإصبع")
    await stands_at(bob, target)
    await expect(bob.locator(MESSAGE).locator(".text")).to_have_css("direction", "rtl")


async def test_it_looks_as_the_page_and_the_device_ask(visit_site: Open, site: Site) -> None:
    """The theme is that of the page. On a page that is always light, a device in the dark changes nothing."""
    site.attributes = 'data-accent="#ffe600" data-button="start"'
    ann = await visit_site("article.html", color_scheme="dark", reduced_motion="reduce", forced_colors="active")
    bob = await visit_site("article.html")
    root = ann.locator(ROOT)
    await ann.emulate_media(forced_colors="none")
    await expect(root).to_have_attribute("data-theme", "light")
    await ann.evaluate("document.body.style.background = 'rgb(20, 20, 30)'")
    await expect(root).to_have_attribute("data-theme", "dark")
    await ann.evaluate("document.body.style.background = 'none'")
    await expect(root).to_have_attribute("data-theme", "light")
    await ann.evaluate("document.documentElement.style.colorScheme = 'light dark'")
    await expect(root).to_have_attribute("data-theme", "dark")
    assert (await box_of(ann, "asocial-embed .talk"))["x"] < 100
    await say_at(bob, ARTICLE, "calm")
    talk = bob.locator("asocial-embed .talk")
    await expect(talk).to_have_css("background-color", "rgb(255, 230, 0)")
    black = await talk.evaluate("(each) => { const c = document.createElement('canvas').getContext('2d')\n"
                                "c.fillStyle = getComputedStyle(each).color; c.fillRect(0, 0, 1, 1)\n"
                                "return [...c.getImageData(0, 0, 1, 1).data] }")  # fmt: skip
    assert black == [0, 0, 0, 255]
    await expect(ann.locator(MESSAGE)).to_contain_text("calm")
    fade = "(each) => each.getAnimations()[0].effect.getTiming().duration"
    assert await ann.locator(MESSAGE).evaluate(fade) == 0
    assert await bob.locator(MESSAGE).evaluate(fade) == 1200
    await ann.emulate_media(forced_colors="active")
    await expect(ann.locator(MESSAGE)).to_have_css("outline-style", "solid")
    box = await box_of(bob, ARTICLE)
    await bob.mouse.move(box["x"] + 20, box["y"] + 10)
    await bob.mouse.move(box["x"] + 40, box["y"] + 30)
    await expect(ann.locator("asocial-embed .dot")).to_have_css("forced-color-adjust", "none")


async def test_the_options_of_the_tag(visit_site: Open, site: Site) -> None:
    """`data-start="quiet"` connects when the button is pressed; `data-max-pointers="0"` shows nobody's."""
    site.attributes = (
        'data-start="quiet" data-max-pointers="0" data-language="de" data-theme="dark" data-channel="Ärger"'
    )
    ann = await visit_site("article.html", live=False)
    sockets: list[str] = []
    ann.on("websocket", lambda socket: sockets.append(socket.url))
    await expect(ann.locator("asocial-embed .talk")).to_have_text("Auf dieser Seite reden")
    await expect(ann.locator(ROOT)).to_have_attribute("data-theme", "dark")
    assert not sockets
    loaded = await ann.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [each for each in loaded if site.server_url in each] == [f"{site.server_url}/embed.js"]
    await ann.evaluate("asocial.open()")
    await ann.wait_for_selector(f"{ROOT}[data-live]", state="attached")
    assert len(sockets) == 1
    assert await ann.evaluate("performance.getEntriesByType('resource').length") == len(loaded)
    assert (await ann.evaluate("asocial.channel")).startswith("embed-rger-")
    bob = await visit_site("article.html", live=False)
    await bob.locator("asocial-embed .talk").click()
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2 hier")
    await bob.mouse.move(300, 300)
    await bob.mouse.click(400, 300)
    await bob.keyboard.type("nur Text")
    await bob.keyboard.press("Enter")
    await expect(ann.locator(MESSAGE)).to_contain_text("nur Text")
    assert await ann.locator('asocial-embed .item[data-kind="pointer"]').count() == 0


async def test_a_page_in_a_frame_and_a_frame_without_an_address(visit_site: Open, site: Site) -> None:
    ann = await visit_site("article.html")
    page = await visit_site("somewhere", live=False)
    await page.evaluate(
        """(source) => {
          const frame = document.createElement('iframe')
          document.body.append(Object.assign(frame, { src: '/article.html', width: 600, height: 400 }))
          const inner = document.createElement('iframe')
          inner.srcdoc = `<p>A frame</p><script src="${source}"></` + 'script>'
          document.body.append(inner)
        }""",
        site.server_url + "/embed.js",
    )
    frame = page.frame_locator("iframe").nth(0)
    await expect(ann.locator("asocial-embed .talk")).to_contain_text("2")
    await expect(frame.locator("asocial-embed .talk")).to_contain_text("2")
    await say_at(ann, "body > p:nth-of-type(1)", "into a frame")
    await expect(frame.locator(MESSAGE)).to_contain_text("into a frame")
    inner = page.frames[-1]
    await inner.wait_for_function("window.asocial")
    assert await inner.evaluate("asocial.channel") == await page.evaluate(
        """async (source) => { const tag = Object.assign(document.createElement('script'), { src: source })
        document.head.append(tag); await new Promise((done) => { tag.onload = done })
        return asocial.channel }""",
        site.server_url + "/embed.js",
    ), "a frame without an address has that of its page"


async def test_an_app_that_replaces_its_content(visit_site: Open) -> None:
    ann = await visit_site("article.html")
    await say_at(ann, ARTICLE, "still here")
    # The paragraph again, as another element at another place.
    await ann.evaluate(
        """(target) => {
          const [text, first] = [document.querySelector(target).textContent, document.querySelector('p').textContent]
          document.body.innerHTML = '<main><div></div><section></section></main>'
          for (const [tag, content] of [['div', first], ['section', text]]) {
            const paragraph = document.createElement('p')
            paragraph.textContent = content
            document.querySelector(tag).append(paragraph)
          }
        }""",
        ARTICLE,
    )
    await expect(ann.locator(MESSAGE)).to_be_visible()
    await stands_at(ann, "section p")
    # All of the document's children.
    await ann.evaluate(
        "document.documentElement.replaceChildren(document.createElement('head'), document.createElement('body'))"
    )
    await expect(ann.locator("asocial-embed .talk")).to_be_visible()
    # Another document in the same window, without any listener.
    await ann.evaluate("document.write('<html lang=en><body><p>Written</p></body></html>'); document.close()")
    await expect(ann.locator("asocial-embed .talk")).to_be_visible()
    await ann.keyboard.press("Alt+Shift+T")
    await expect(ann.locator(ROOT)).to_have_attribute("data-talking", "")
    await ann.mouse.click(300, 200)
    await ann.keyboard.type("on the new one")
    await ann.keyboard.press("Enter")
    await expect(ann.locator(MESSAGE, has_text="on the new one")).to_be_visible()


HOSTILE = """
Object.prototype.theirs = () => 'theirs'
Array.prototype.theirs = 1
Array.prototype.toJSON = function () { return 'theirs' }
Array.prototype.flatMap = Array.prototype.at = undefined
String.prototype.theirs = Set.prototype.theirs = Map.prototype.theirs = 1
const { addEventListener } = EventTarget.prototype
EventTarget.prototype.addEventListener = function (type, listener, ...more) {
  return addEventListener.call(this, type, function (event) { return listener.call(this, event) }, ...more)
}
const TheirSocket = WebSocket
window.WebSocket = class extends TheirSocket { send(data) { super.send(data) } }
window.fetch = () => Promise.reject(new Error('theirs'))
const { pushState } = history
history.pushState = function (...all) { window.pushed = (window.pushed ?? 0) + 1; return pushState.apply(this, all) }
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes)
    if (node.localName === 'asocial-embed' && (window.thrown = (window.thrown ?? 0) + 1) < 3) node.remove()
}).observe(document, { childList: true, subtree: true })
addEventListener('keydown', (event) => event.stopImmediatePropagation(), true)
"""


async def test_a_page_that_changes_what_scripts_rely_on(visit_site: Open, site: Site) -> None:
    """Polluted prototypes, wrapped functions, elements that are removed: the page's own code works as before."""
    ann = await visit_site("blog.html", NARROW)
    site.replace = {"<style>": f"<script>{HOSTILE}</script><style>html * {{ all: unset !important }}"}
    bob = await visit_site("blog.html")
    await say_at(ann, TARGETS["blog.html"], "anyway")
    await expect(bob.locator(MESSAGE)).to_contain_text("anyway")
    await stands_at(bob, TARGETS["blog.html"])
    await say_at(bob, TARGETS["blog.html"], "me too")
    await expect(ann.locator(MESSAGE, has_text="me too")).to_be_visible()
    first = await bob.evaluate("asocial.channel")
    await bob.evaluate("history.pushState(null, '', '/elsewhere')")
    await bob.wait_for_function("(first) => asocial.channel !== first", arg=first)
    assert await bob.evaluate("pushed") == 1
    assert await bob.evaluate("thrown") == 3


async def test_the_button_stays_clear_of_what_the_page_has_in_its_corner(visit_site: Open) -> None:
    ann = await visit_site("article.html")
    talk = ann.locator("asocial-embed .talk")
    before = await box_of(ann, "asocial-embed .talk")
    await ann.evaluate(
        """() => { const other = document.createElement('button')
        other.id = 'other'
        other.textContent = '?'
        other.style = 'position: fixed; right: 20px; bottom: 20px; width: 56px; height: 56px'
        other.onclick = () => { window.asked = true }
        document.body.append(other) }"""
    )
    await ann.wait_for_function(
        """() => { const { shadowRoot } = document.querySelector('asocial-embed')
        return shadowRoot.querySelector('.talk').getBoundingClientRect().bottom
          <= document.querySelector('#other').getBoundingClientRect().top }"""
    )
    await ann.click("#other")
    assert await ann.evaluate("asked")
    await ann.evaluate("document.querySelector('#other').remove()")
    await eventually_is(lambda: talk.bounding_box(), before)


async def test_a_page_that_cannot_connect_stops_trying(browser: Browser, server: Server, site: Site) -> None:
    """It would fill the browser's console. Pressing the button tries again.

    The server allows no connection, and something on the way keeps the page from learning that.
    """
    await server.restart(allowed_origins="https://other.example")
    context = await browser.new_context()
    try:
        await context.add_init_script(OPENED)
        page = await context.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        await page.route("**/api/channels/**", lambda route: route.abort())
        await page.clock.install()
        await page.goto(f"{site.origin}/article.html")

        async def tries() -> int:
            await page.clock.run_for(11_000)  # more than any pause between two
            return len(sockets)

        await eventually_is(tries, 9)
        assert [await tries() for _ in range(5)] == [9] * 5
        await page.evaluate("asocial.open()")
        await eventually(lambda: len(sockets) > 9, "another try")
    finally:
        await context.close()


async def test_scrolling_forces_no_layout(visit_site: Open, browser: Browser, site: Site) -> None:
    """Though the page changes its style before our listener runs. Its own listener that reads a box is found."""
    change = "window.turn = (window.turn ?? 0) + 1; document.documentElement.style.paddingTop = `${turn % 5}px`"
    site.replace = {"<style>": f"<script>addEventListener('scroll', () => {{ {change} }}, true)</script><style>"}
    ann, bob = await visit_site("article.html"), await visit_site("article.html", NARROW)
    await say_at(ann, ARTICLE, "on a page that moves")
    await expect(bob.locator(MESSAGE)).to_contain_text("on a page")
    scroll = """async (reads) => {
      const read = () => { window.height = reads && document.body.offsetHeight }
      document.addEventListener('scroll', read, true)
      for (let step = 0; step < 20; step += 1) {
        await new Promise(requestAnimationFrame)
        scrollBy(0, 7)
      }
      await new Promise((done) => setTimeout(done, 300))
      document.removeEventListener('scroll', read, true)
    }"""
    forced = []
    for reads in (False, True):
        await bob.evaluate("scrollTo(0, 0)")
        await browser.start_tracing(page=bob, categories=TRACED)
        await bob.evaluate(scroll, reads)
        forced.append(forced_layouts(await browser.stop_tracing(), "scroll"))
    assert forced[0] == 0
    assert forced[1] > 10


async def test_a_hidden_page_costs_nothing(browser: Browser, server: Server, site: Site) -> None:
    """No timer and no frame of ours is left while nobody sees the page; it looks again as soon as somebody does."""
    context = await browser.new_context()
    try:
        await context.add_init_script(OPENED)
        await context.add_init_script(
            """window.intervals = new Set()
            const { setInterval: start, clearInterval: stop } = window
            window.setInterval = (run, ms) => {
              const id = start(run, ms)
              if (ms === 1000) intervals.add(id)
              return id
            }
            window.clearInterval = (id) => { intervals.delete(id); stop(id) }
            window.see = (state) => {
              Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
              document.dispatchEvent(new Event('visibilitychange'))
            }"""
        )
        page = await context.new_page()
        await page.goto(f"{site.origin}/app.html")
        await page.wait_for_selector(f"{ROOT}[data-live]", state="attached")
        assert await page.evaluate("intervals.size") == 1
        channel = await page.evaluate("asocial.channel")
        await page.evaluate("see('hidden'); history.pushState(null, '', '/other')")
        assert await page.evaluate("intervals.size") == 0
        assert await page.evaluate("asocial.channel") == channel
        await page.evaluate("see('visible')")
        assert await page.evaluate("intervals.size") == 1
        assert await page.evaluate("asocial.channel") != channel
        await page.evaluate("asocial.destroy()")
        assert await page.evaluate("intervals.size") == 0
    finally:
        await context.close()
