"""Sharing: links to a channel or to a spot in it, the code for a camera, the share sheet, the channels of late."""

from __future__ import annotations

import io
from typing import Literal

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Page, expect

from .conftest import Join, Server, Visit
from .watch import go_to, say, until_seen, world_point, world_under

CENTER = (500, 350)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


async def place(page: Page) -> tuple[float, float, str]:
    """What the middle of the view shows, and the zoom as it is told."""
    x, y = await world_under(page, *CENTER)
    return round(x), round(y), (await page.get_by_test_id("zoom").inner_text()).partition("%")[0]


async def until_shown(page: Page, x: int, y: int, zoom: float = 1) -> None:
    """Return once the view rests with this point in its middle. The point is not far from the middle of the world."""
    await page.wait_for_function(
        """(spot) => {
          const world = document.querySelector('[data-testid="world"]')
          const { a, e, f } = new DOMMatrix(world.style.transform)
          const shown = [(innerWidth / 2 - e) / a, (innerHeight / 2 - f) / a, a]
          return shown.every((each, i) => Math.abs(each - spot[i]) < 0.1) && !('moving' in world.dataset)
        }""",
        arg=[x, y, zoom],
        timeout=10_000,
    )


async def clipboard(page: Page) -> str:
    text: str = await page.evaluate("() => navigator.clipboard.readText()")
    return text


# --- a spot in the link ---


async def test_a_link_to_a_spot_opens_there_and_the_server_never_sees_it(visit: Visit, server: Server) -> None:
    told: list[str] = []
    ann = await visit("/c/kitchen")
    await ann.goto("about:blank")
    ann.on("request", lambda request: told.append(request.url.partition("#")[0]))
    ann.on("request", lambda request: told.extend(request.headers.values()))
    ann.on("websocket", lambda socket: told.append(socket.url))
    ann.on("websocket", lambda socket: socket.on("framesent", lambda frame: told.append(str(frame))))
    await ann.goto(server.url("/c/garden#1234,-450,2"))
    await ann.wait_for_selector('[data-state="live"]')
    assert await ann.evaluate("() => document.querySelector('[data-testid=world]').style.transform") != ""
    assert any("/api/chat" in each for each in told)
    assert [each for each in told if "1234" in each] == []
    assert await place(ann) == (1234, -450, "200")


async def test_two_who_share_a_spot_see_the_same_words(visit: Visit, server: Server) -> None:
    ann = await visit("/c/garden#5000,5000,1")
    bob = await visit("/c/garden#5000,5000,1")
    await say(ann, 500, 350, "over here")
    await until_seen(bob, "over here")
    assert await world_point(bob, "over here") == (5000, 5000)
    await expect(bob.get_by_test_id("message").get_by_text("over here")).to_be_in_viewport()


async def test_a_mangled_link_opens_its_channel(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    ann, bob = await visit("/c/).", live=False), await join("garden")
    with subtests.test("without a name it opens the start page"):
        await expect(ann.get_by_test_id("start")).to_be_visible()
    for path in ("/C/garden/", "/c%2Fgarden).", "/c/garden%E2%80%9D%20", "//c//garden", "/c/garden%23100,-40,2"):
        with subtests.test(path):
            await ann.goto(server.url(path))
            await bob.receive("user_joined")
            await expect(ann.get_by_test_id("people")).to_contain_text("2")
            assert await ann.evaluate("location.pathname") == "/c/garden"
            if "100" in path:
                assert await place(ann) == (100, -40, "200")


async def test_the_view_goes_along_when_the_hash_changes(visit: Visit) -> None:
    ann = await visit("/c/garden")
    await go_to(ann, "#-300,80,0.5")
    await expect(ann.get_by_test_id("zoom")).to_contain_text("50%")
    assert (await place(ann))[:2] == (-300, 80)


async def test_back_and_forward_show_what_was_there_before_a_link(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit("/c/garden")

    async def shows(x: int, y: int, zoom: float = 1) -> None:
        await until_shown(ann, x, y, zoom)

    await ann.evaluate("window.same = true")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("ArrowRight")
    await go_to(ann, "#3000,80,2")
    await go_to(ann, "#-3000,-80,0.5")
    await ann.keyboard.press("ArrowDown")
    with subtests.test("back, to where the view was before the link"):
        await ann.go_back()
        await shows(3000, 80, 2)
        await ann.go_back()
        assert ann.url.endswith("/c/garden")
        await shows(80, 0)
    with subtests.test("forward, to where the view was when it was left"):
        await ann.keyboard.press("ArrowLeft")
        await ann.keyboard.press("ArrowLeft")
        await ann.go_forward()
        await shows(3000, 80, 2)
        await ann.go_forward()
        await shows(-3000, 80, 0.5)
    with subtests.test("two at once, while the view flies"):
        await ann.evaluate("() => { history.back(); setTimeout(() => history.back(), 150) }")
        await shows(-80, 0)
    assert await ann.evaluate("window.same")
    with subtests.test("a link that is opened once more"):
        await ann.evaluate("""() => {
          document.body.insertAdjacentHTML('beforeend', '<a id="spot" href="#500,500,1"></a>')
          document.getElementById('spot').click()
        }""")
        await shows(500, 500)
        await ann.keyboard.press("ArrowRight")
        await shows(580, 500)
        await ann.evaluate("() => document.getElementById('spot').click()")
        await shows(500, 500)
        await ann.go_back()
        await shows(-80, 0)
    with subtests.test("after a reload"):
        await ann.go_forward()
        await shows(500, 500)
        await ann.reload()
        await ann.wait_for_selector('[data-state="live"]')
        await shows(500, 500)
        await ann.go_back()
        await shows(-80, 0)


async def test_without_storage_a_link_within_the_channel_leaves_one_guest_and_the_way_back(
    visit: Visit, join: Join
) -> None:
    script = """for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('', 'SecurityError') } })"""
    witness = await join()
    ann = await visit("/c/garden", script=script)
    joined = await witness.receive("user_joined")
    await go_to(ann, "#3000,80,2")
    await ann.reload()
    await ann.wait_for_selector('[data-state="live"]')
    await expect(ann.get_by_test_id("people")).to_contain_text("2")
    await witness.resync()
    joins = [frame["user_id"] for frame in witness.received if frame["type"] == "user_joined"]
    assert set(joins) == {joined["user_id"]}
    await go_to(ann, "#100,0,1")
    await ann.keyboard.press("ArrowRight")
    await go_to(ann, "#0,0,1")
    await ann.go_back()
    await until_shown(ann, 180, 0)


async def test_junk_in_the_hash_is_no_spot(visit: Visit, server: Server, subtests: pytest.Subtests) -> None:
    ann = await visit("/c/garden")
    for junk in ("#", "#here", "#1e9,2", "#NaN,NaN,NaN", "#%E0%A4%A", "#1;2"):
        with subtests.test(junk):
            # From elsewhere, so that the page loads with it.
            await ann.goto("about:blank")
            await ann.goto(server.url(f"/c/garden{junk}"))
            await ann.wait_for_selector('[data-state="live"]')
            assert (await place(ann))[:2] == (0, 0)
            await ann.evaluate("(junk) => { location.hash = '#70,70'; location.hash = junk }", junk)
            await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")


async def test_a_spot_beyond_the_world_is_at_its_edge(visit: Visit) -> None:
    ann = await visit("/c/garden#99999999999,0,900")
    await expect(ann.get_by_test_id("zoom")).to_contain_text("400%")
    assert (await place(ann))[:2] == (10_000_000, 0)


# --- the share panel ---


async def test_this_channel_and_this_spot_are_copied(visit: Visit, server: Server) -> None:
    ann = await visit("/c/garden", **CLIPBOARD)
    await ann.keyboard.press("ArrowRight")
    await ann.get_by_test_id("share").click()
    await ann.get_by_test_id("copy-link").click()
    await expect(ann.get_by_test_id("copy-link")).to_have_attribute("data-copied", "true")
    assert await clipboard(ann) == server.url("/c/garden")

    await ann.get_by_text("This spot").click()
    await expect(ann.get_by_test_id("share-address")).to_have_value(server.url("/c/garden#80,0,1"))
    await ann.get_by_test_id("copy-link").click()
    await expect(ann.get_by_test_id("copy-link")).to_have_attribute("data-copied", "true")
    assert await clipboard(ann) == server.url("/c/garden#80,0,1")


async def test_a_camera_reads_the_code_in_both_themes(visit: Visit, server: Server, subtests: pytest.Subtests) -> None:
    ann = await visit("/c/garden")
    await ann.get_by_test_id("share").click()
    for width in (375, 1440):
        await ann.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            await ann.emulate_media(color_scheme=scheme)
            with subtests.test(scheme, width=width):
                await ann.get_by_text("This channel").click()
                assert await read_code(ann) == server.url("/c/garden")
                await ann.get_by_text("This spot").click()
                assert await read_code(ann) == server.url("/c/garden#0,0,1")


async def test_the_longest_name_still_makes_a_code_that_can_be_read(visit: Visit, server: Server) -> None:
    name = "Longest-possible_name-of-a-channel-" + "x" * 29
    assert len(name) == 64
    ann = await visit(f"/c/{name}#-9999999,9999999,3.75")
    await ann.get_by_test_id("share").click()
    await ann.get_by_text("This spot").click()
    assert await read_code(ann) == server.url(f"/c/{name}#-9999999,9999999,3.75")


async def picture_of_code(page: Page) -> Image.Image:
    """As it is seen once the panel has come."""
    await page.get_by_test_id("share-panel").evaluate(
        "(panel) => Promise.all(panel.getAnimations().map((each) => each.finished))"
    )
    return Image.open(io.BytesIO(await page.get_by_test_id("qr").screenshot())).convert("L")


async def read_code(page: Page) -> str:
    """What a camera makes of the screen: dark on light only, as the strictest readers know it."""
    found = zxingcpp.read_barcodes(await picture_of_code(page), try_invert=False)
    assert len(found) == 1
    return found[0].text


async def test_the_code_has_its_quiet_zone_and_contrast(visit: Visit, subtests: pytest.Subtests) -> None:
    ann = await visit("/c/garden")
    await ann.get_by_test_id("share").click()
    for scheme in SCHEMES:
        await ann.emulate_media(color_scheme=scheme)
        with subtests.test(scheme):
            quiet: float = await ann.get_by_test_id("qr").evaluate(
                """(svg) => {
                  const { left, width } = svg.getBoundingClientRect()
                  const path = svg.querySelector('path').getBoundingClientRect()
                  return (path.left - left) / (width / svg.viewBox.baseVal.width)
                }"""
            )
            assert quiet == pytest.approx(4, abs=0.01)
            darkest, lightest = (await picture_of_code(ann)).getextrema()
            assert isinstance(darkest, (int, float))
            assert isinstance(lightest, (int, float))
            assert lightest - darkest > 170


# The page looks for a share sheet when its panel opens.
_SHEET = """() => {
  window.shared = []
  Navigator.prototype.canShare = (data) => typeof data.url === 'string'
  Navigator.prototype.share = async (data) => {
    window.shared.push(data)
    if (window.refuse) throw new DOMException('', window.refuse)
  }
}"""


async def test_the_system_s_share_sheet_is_used_where_there_is_one(
    visit: Visit, server: Server, subtests: pytest.Subtests
) -> None:
    ann = await visit("/c/garden", **CLIPBOARD)
    with subtests.test("without one there is no button for it"):
        await ann.evaluate("() => { delete Navigator.prototype.share }")
        await ann.get_by_test_id("share").click()
        await expect(ann.get_by_test_id("copy-link")).to_be_visible()
        await expect(ann.get_by_test_id("send-link")).to_have_count(0)
    await ann.keyboard.press("Escape")
    await ann.evaluate(_SHEET)
    await ann.get_by_test_id("share").click()
    with subtests.test("it gets the link"):
        await ann.get_by_text("This spot").click()
        await ann.get_by_test_id("send-link").click()
        assert await ann.evaluate("() => shared") == [{"title": "Asocial", "url": server.url("/c/garden#0,0,1")}]
        await expect(ann.get_by_test_id("copy-link")).not_to_have_attribute("data-copied", "true")
    await ann.get_by_text("This channel").click()
    with subtests.test("one that is put away does nothing"):
        await ann.evaluate("() => navigator.clipboard.writeText('before')")
        await ann.evaluate("() => { window.shared = []; window.refuse = 'AbortError' }")
        await ann.get_by_test_id("send-link").click()
        await ann.wait_for_function("() => shared.length === 1")
        assert await clipboard(ann) == "before"
    with subtests.test("one that fails copies"):
        await ann.evaluate("() => { window.refuse = 'NotAllowedError' }")
        await ann.get_by_test_id("send-link").click()
        await expect(ann.get_by_test_id("copy-link")).to_have_attribute("data-copied", "true")
        assert await clipboard(ann) == server.url("/c/garden")


async def test_where_nothing_may_be_copied_the_link_is_there_to_take(visit: Visit, server: Server) -> None:
    ann = await visit("/c/garden")
    await ann.evaluate(
        """() => {
          Object.defineProperty(navigator, 'clipboard', { value: undefined })
          document.execCommand = () => false
        }"""
    )
    await ann.get_by_test_id("share").click()
    await ann.get_by_test_id("copy-link").click()
    await expect(ann.get_by_test_id("copy-link")).to_have_text("Copy this link")
    assert await ann.evaluate("() => getSelection().toString()") == server.url("/c/garden")


async def test_the_panels_open_and_close_by_keys_and_beside_them(visit: Visit) -> None:
    ann = await visit("/c/garden")
    for control, panel in (("share", "share-panel"), ("channels", "channels-panel")):
        await ann.get_by_test_id(control).focus()
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_test_id(panel)).to_be_visible()
        await expect(ann.get_by_test_id(control)).to_have_attribute("aria-expanded", "true")
        await ann.keyboard.press("Escape")
        await expect(ann.get_by_test_id(panel)).to_have_count(0)
        await expect(ann.get_by_test_id(control)).to_be_focused()
        await ann.get_by_test_id(control).click()
        await expect(ann.get_by_test_id(panel)).to_be_visible()
        await ann.mouse.click(800, 600)
        await expect(ann.get_by_test_id(panel)).to_have_count(0)
        await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    await ann.get_by_test_id("share").focus()
    await ann.keyboard.press("Enter")
    await expect(ann.get_by_test_id("share-panel")).to_be_visible()
    await ann.keyboard.press("Tab")
    await expect(ann.get_by_test_id("share-channel")).to_be_focused()
    await ann.keyboard.press("ArrowRight")
    await expect(ann.get_by_test_id("share-spot")).to_be_checked()


@pytest.mark.parametrize(("touch", "sizes"), [(True, [(320, 568), (375, 667), (667, 375)]), (False, [(1440, 900)])])
async def test_the_panels_fit_every_screen_and_finger(
    visit: Visit, subtests: pytest.Subtests, touch: bool, sizes: list[tuple[int, int]]
) -> None:
    ann = await visit(
        "/c/a-rather-long-name-of-a-channel-in-the-garden-by-the-window",
        viewport=dict(zip(("width", "height"), sizes[0], strict=True)),
        has_touch=touch,
        is_mobile=touch,
    )
    for width, height in sizes:
        await ann.set_viewport_size({"width": width, "height": height})
        for control, panel in (("share", "share-panel"), ("channels", "channels-panel")):
            with subtests.test(panel, width=width, height=height):
                await ann.get_by_test_id(control).click()
                box = await ann.get_by_test_id(panel).bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
                assert box["y"] + box["height"] <= height
                small = await ann.get_by_test_id(panel).evaluate(
                    """(panel) => [...panel.querySelectorAll('button, a, label')].filter((each) => {
                      const { width, height } = each.getBoundingClientRect()
                      return matchMedia('(pointer: coarse)').matches && (width < 44 || height < 44)
                    }).map((each) => each.outerHTML.slice(0, 120))"""
                )
                assert small == []
            await ann.keyboard.press("Escape")


# --- channels of late ---


async def test_channels_of_late_are_behind_the_name_and_can_be_forgotten(visit: Visit, server: Server) -> None:
    ann = await visit("/c/garden")
    for channel in ("garden", "kitchen", "attic"):
        if channel != "garden":
            await ann.goto(server.url(f"/c/{channel}"))
        await ann.wait_for_function("(channel) => localStorage['asocial.recent']?.includes(channel)", arg=channel)
    await ann.get_by_test_id("channels").click()
    recent = ann.get_by_test_id("recent")
    await expect(recent).to_have_text(["kitchennow", "gardennow"])
    await recent.nth(0).get_by_test_id("forget").click()
    await expect(recent).to_have_text(["gardennow"])
    await recent.get_by_role("link").click()
    await expect(ann.get_by_test_id("channel")).to_have_text("garden")
    await ann.get_by_test_id("channels").click()
    await expect(recent).to_have_text(["atticnow"])
    await ann.get_by_test_id("to-start").click()
    await expect(ann.get_by_test_id("start")).to_be_visible()


async def test_a_new_channel_is_two_presses_away_from_any(visit: Visit) -> None:
    ann = await visit("/c/garden")
    await ann.get_by_test_id("channels").click()
    await ann.get_by_role("link", name="Open a new channel").click()
    await expect(ann.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    assert not ann.url.endswith("garden")
    await expect(ann.get_by_test_id("channel")).to_have_text(ann.url.rsplit("/", 1)[1])
