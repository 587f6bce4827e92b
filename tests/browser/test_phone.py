"""Phones: a tap writes, no keyboard covers what is written, fingers reach everything, the page itself never moves."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from playwright.async_api import CDPSession, Locator, Page, expect

from .conftest import Join, Server, Visit
from .test_finding import camera_of, views_alike
from .test_layout import expect_notices_apart
from .test_plane import STILL, zoom_of
from .watch import at_rest, case, go_back, page_time, say, stop_clock, until_seen, world_point

PORTRAIT, SMALL, LANDSCAPE = (375, 667), (320, 568), (667, 375)


def phone(size: tuple[int, int] = PORTRAIT) -> dict[str, Any]:
    return {"viewport": {"width": size[0], "height": size[1]}, "has_touch": True, "is_mobile": True}


async def resize(page: Page, size: tuple[int, int]) -> None:
    """A page of `visit` gets another size, and is brought back to what it showed at first: see `go_back`."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await go_back(page)


async def fingers(cdp: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


async def keyboard(page: Page, visible: float, top: float = 0) -> None:
    """The keyboard as iOS shows it: over the page, of which only so much is still seen."""
    await page.evaluate(
        """([visible, top]) => {
          const own = { height: visible, offsetTop: top, scale: 1 }
          for (const [name, value] of Object.entries(own)) {
            Object.defineProperty(visualViewport, name, { configurable: true, get: () => value })
          }
          visualViewport.dispatchEvent(new Event('resize'))
        }""",
        [visible, top],
    )


async def no_keyboard(page: Page) -> None:
    """As before the first `keyboard`."""
    await page.evaluate(
        """() => {
          for (const name of ['height', 'offsetTop', 'scale']) delete visualViewport[name]
          visualViewport.dispatchEvent(new Event('resize'))
        }"""
    )


async def caret_within(page: Page, top: float, bottom: float) -> None:
    await page.wait_for_function(
        """([top, bottom]) => {
          const box = document.querySelector('[data-testid="caret"]').getBoundingClientRect()
          return box.top >= top && box.bottom <= bottom && box.left >= 0 && box.right <= innerWidth
        }""",
        arg=[top, bottom],
    )


async def crowd(server: Server, around: int = 6_000) -> list[Any]:
    """People far out on all sides, so that every edge has its chips; gone when the sockets are closed."""
    session = aiohttp.ClientSession()
    sockets: list[Any] = [session]
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -0.5), (-1, 0.6)):
        url = server.url(f"/api/chat?channel=garden&name=somebody+{len(sockets)}+with+a+long+name")
        socket = await session.ws_connect(url)
        await socket.send_str(json.dumps({"type": "cursor", "position": {"x": dx * around, "y": dy * around}}))
        sockets.append(socket)
    return sockets


async def leave(sockets: list[Any]) -> None:
    for socket in reversed(sockets):
        await socket.close()


_CONTROLS = """
() => {
  const seen = (element) => {
    const { width, height } = element.getBoundingClientRect()
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true })
  }
  const dialog = document.querySelector('dialog[open]')
  const all = [...(dialog ?? document).querySelectorAll('button, a[href], input, select, h1, .following')]
  const name = (element) =>
    element.getAttribute('aria-label') || element.dataset.testid || element.outerHTML.slice(0, 80)
  const OPENED = '.panel, .palette, [data-shown] [data-testid="tool-row"]'
  return all.filter(seen).map((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect()
    const press = element.matches('button, a[href], select, input')
    // Pressing its label presses it.
    const target = [element, ...(element.labels ?? [])].map((each) => each.getBoundingClientRect())
    const wide = Math.max(...target.map((box) => box.right)) - Math.min(...target.map((box) => box.left))
    const high = Math.max(...target.map((box) => box.height))
    return {
      name: name(element), press, left, top, right, bottom, wide, high,
      // What lies above and below each other: the plane, what stands at its edges, what was opened over both, and the
      // last row of that, under which the others scroll.
      floor: element.closest('.world') ? 0 : element.closest('.panel-foot, .panel footer') ? 3
        : element.closest(OPENED) ? 2 : 1,
      within: all.filter((other) => other !== element && other.contains(element)).map(name),
    }
  })
}
"""


async def controls(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate(_CONTROLS)
    assert found
    return found


def assert_apart(found: list[dict[str, Any]], width: float, height: float) -> None:
    """Everything is within the screen, and nothing lies over another of its kind."""
    for number, a in enumerate(found):
        assert a["left"] >= 0, f"{a['name']} is cut off on the left"
        assert a["right"] <= width, f"{a['name']} is cut off on the right"
        assert a["top"] >= 0, f"{a['name']} is cut off above"
        if a["floor"] == 1:
            assert a["bottom"] <= height, f"{a['name']} is cut off below"
        for b in found[number + 1 :]:
            nested = a["name"] in b["within"] or b["name"] in a["within"]
            if nested or a["floor"] != b["floor"]:
                continue
            over = min(a["right"], b["right"]) - max(a["left"], b["left"])
            down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
            assert over <= 1 or down <= 1, f"{a['name']} and {b['name']} overlap by {over:.0f} x {down:.0f}"


def assert_large(found: list[dict[str, Any]]) -> None:
    small = [
        (each["name"], each["wide"], each["high"])
        for each in found
        if each["press"] and min(each["wide"], each["high"]) < 43.9
    ]
    assert small == []


# Writing.


async def test_a_tap_writes_and_shows_the_others_where(visit: Visit) -> None:
    ann, bob = await visit(clock=True), await visit(**phone())
    await expect(bob.get_by_test_id("nearest")).to_have_count(1)
    await bob.get_by_test_id("people").tap()
    await bob.get_by_test_id("color-plum").tap()
    await bob.get_by_test_id("people").tap()
    await stop_clock(ann)
    await bob.touchscreen.tap(100, 300)
    ring = ann.get_by_test_id("burst")
    await expect(ring).to_have_attribute("data-kind", "point")
    assert await ring.evaluate("(element) => getComputedStyle(element).color") == "rgb(169, 40, 150)"
    assert (await ring.get_attribute("data-x"), await ring.get_attribute("data-y")) == ("-87.5", "-33.5")
    # It is there for about a second.
    await ann.clock.run_for(600)
    await expect(ring).to_have_count(1)
    await ann.clock.run_for(1_900)
    await expect(ring).to_have_count(0)
    await ann.clock.resume()
    # The same tap has opened the caret, at the same point, with the focus that opens the keyboard.
    await expect(bob.get_by_test_id("caret")).to_be_focused()
    await bob.keyboard.type("from my phone")
    await bob.keyboard.press("Enter")
    await until_seen(ann, "from my phone")
    assert await world_point(ann, "from my phone") == (-87.5, -33.5)
    # Nobody sees a ring for their own touch.
    await expect(bob.get_by_test_id("burst")).to_have_count(0)


async def test_a_mouse_is_seen_anyway_and_sends_no_ring(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await expect(bob.get_by_test_id("nearest")).to_have_count(1)
    await ann.evaluate(
        """() => {
          window.rings = 0
          new MutationObserver(() => { window.rings += document.querySelectorAll('[data-kind="point"]').length })
            .observe(document.body, { subtree: true, childList: true })
        }"""
    )
    await say(bob, 300, 300, "clicked")
    await until_seen(ann, "clicked")
    await bob.keyboard.press("Escape")
    await bob.keyboard.press("Control+Shift+Digit1")
    await expect(ann.get_by_test_id("burst")).to_have_count(1)
    assert await ann.evaluate("() => window.rings") == 0


@pytest.mark.parametrize("way", ["over the page", "the page shrinks"])
async def test_the_keyboard_never_hides_what_is_written(
    visit: Visit, server: Server, way: str, subtests: pytest.Subtests
) -> None:
    bob = await visit(**phone())
    for size in (PORTRAIT, SMALL, LANDSCAPE):
        async with case(subtests, f"{size}", bob):
            width, height = size
            visible = 160 if size == LANDSCAPE else height - 270
            await resize(bob, size)
            await bob.touchscreen.tap(60, height - 80)
            await expect(bob.get_by_test_id("caret")).to_be_focused()
            if way == "over the page":
                await keyboard(bob, visible)
            else:
                await bob.set_viewport_size({"width": width, "height": visible})
            await caret_within(bob, 0, visible)
            await bob.keyboard.type("a line that is longer than a phone is wide, and goes on")
            await caret_within(bob, 0, visible)
            for _ in range(4):
                await bob.keyboard.press("Enter")
                await bob.keyboard.type("and on")
                await caret_within(bob, 0, visible)
            assert await bob.evaluate(STILL) == [0, 0, 1, 0]
        await no_keyboard(bob)
        await server.end_messages(bob)


async def test_a_view_that_the_browser_scrolled_under_the_keyboard_is_followed(visit: Visit) -> None:
    bob = await visit(**phone())
    await bob.touchscreen.tap(60, 600)
    await keyboard(bob, 360, top=120)
    await bob.keyboard.type("here")
    await caret_within(bob, 120, 480)


async def test_on_its_side_above_a_keyboard_a_phone_has_room_for_words_alone(visit: Visit, server: Server) -> None:
    bob = await visit(**phone(LANDSCAPE))
    others = await crowd(server)
    await expect(bob.get_by_test_id("chip").first).to_be_visible()
    await expect(bob.get_by_test_id("minimap")).to_be_hidden()
    await bob.touchscreen.tap(200, 300)
    await keyboard(bob, 160)
    await bob.keyboard.type("a word")
    await expect(bob.get_by_test_id("chip").first).to_be_hidden()
    await keyboard(bob, 375)
    await expect(bob.get_by_test_id("chip").first).to_be_visible()
    await leave(others)


# What can be seen at the edges and lies on the text that is written.
ON_THE_TEXT = """() => {
  const caret = document.querySelector('.caret[data-open] textarea').getBoundingClientRect()
  const isSeen = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  return [...document.querySelectorAll('.edge > *, [data-testid="toast"], [data-testid="notices"] p')]
    .filter((each) => isSeen(each) && !each.matches('.sr-only'))
    .filter((each) => {
      const { left, top, right, bottom, width, height } = each.getBoundingClientRect()
      return width * height > 0
        && left < caret.right && caret.left < right && top < caret.bottom && caret.top < bottom
    })
    .map((each) => each.dataset.testid ?? each.className)
}"""


async def until_nothing_on_the_text(page: Page) -> None:
    await page.wait_for_function(f"() => ({ON_THE_TEXT})().length === 0")


KEYBOARDS = [((390, 844), 844), ((390, 844), 510), ((667, 375), 160), ((844, 390), 180), ((640, 360), 150)]
"""The size of a phone, and how much of its height is seen above the keyboard, if there is one."""


async def test_nothing_lies_on_what_is_written(
    visit: Visit, join: Join, server: Server, subtests: pytest.Subtests
) -> None:
    bob = await visit(**phone())
    await join(name="Ann")
    for size, visible in KEYBOARDS:
        width, height = size
        # On what is free between the controls.
        for x, y in ((30, 66), (width - 40, 66), (width // 2, visible - 66)):
            async with case(subtests, f"{size}, {visible}: {x}, {y}", bob):
                await resize(bob, size)
                await bob.touchscreen.tap(width // 2, height // 2)
                await expect(bob.get_by_test_id("caret")).to_be_focused()
                if visible != height:
                    await keyboard(bob, visible)
                await bob.touchscreen.tap(x, y)
                await until_nothing_on_the_text(bob)
                for part in ("a line that is longer than most", " and goes on, and on", ", as long as three lines are"):
                    await bob.keyboard.type(part)
                    await until_nothing_on_the_text(bob)
                assert await bob.evaluate(STILL) == [0, 0, 1, 0]
                await bob.keyboard.press("Enter")
                await expect(bob.get_by_test_id("message")).to_have_attribute("data-state", "sent")
            await no_keyboard(bob)
            await server.end_messages(bob)
    async with case(subtests, "somebody comes", bob):
        await resize(bob, PORTRAIT)
        await bob.touchscreen.tap(200, 80)
        await bob.keyboard.type("a line at the upper edge that is longer than this phone is wide")
        await join(name="Cat")
        await expect(bob.get_by_test_id("notices")).to_have_text("Cat is here")
        await until_nothing_on_the_text(bob)
        await expect(bob.get_by_text("Cat is here")).to_be_in_viewport(ratio=1)


# The point of the free plane that is nearest to the left of the line with Undo.
FREE_BEFORE_THE_TOAST = """() => {
  const { left, top, bottom } = document.querySelector('[data-testid="toast"]').getBoundingClientRect()
  const isFree = (each) => each?.closest('.plane') && !each.closest('.message-body')
  const points = []
  for (let x = 10; x < innerWidth; x += 10)
    for (let y = 10; y < visualViewport.height; y += 10)
      if (isFree(document.elementFromPoint(x, y))) points.push([x, y])
  const away = ([x, y]) => Math.hypot(x - left + 30, y - (top + bottom) / 2)
  return points.sort((a, b) => away(a) - away(b))[0]
}"""


@pytest.mark.parametrize("settings", [{"rate_limit_per_minute": 1}], ids=["one message a minute"])
@pytest.mark.parametrize(
    "locale", ["de-DE", *(pytest.param(each, marks=pytest.mark.repeats) for each in ("en-US", "es-ES", "ar-EG"))]
)
@pytest.mark.parametrize(
    ("size", "visible"),
    [pytest.param(LANDSCAPE, 375, id="landscape"), pytest.param(LANDSCAPE, 160, id="landscape, above a keyboard"),
     pytest.param(PORTRAIT, 667, id="portrait")],
)  # fmt: skip
async def test_neither_refused_messages_nor_the_line_with_undo_cover_anything(
    visit: Visit, join: Join, locale: str, size: tuple[int, int], visible: int
) -> None:
    bob = await visit(**phone(size), locale=locale)
    await join(name="Ann")
    width = size[0]

    async def write(x: float, y: float, text: str) -> None:
        await bob.touchscreen.tap(x, y)
        await expect(bob.get_by_test_id("caret")).to_be_focused()
        await bob.keyboard.type(text)

    await write(width * 0.45, 110, "this one is sent")
    await bob.keyboard.press("Enter")
    await expect(bob.get_by_test_id("message")).to_have_attribute("data-state", "sent")
    if visible != size[1]:
        await keyboard(bob, visible)
    await write(width * 0.4, visible * 0.45, "a first line")
    await bob.keyboard.press("Enter")
    await bob.keyboard.type("and another one, too fast")
    await bob.keyboard.press("Enter")
    await expect(bob.get_by_test_id("send-again")).to_have_count(2)
    await expect_notices_apart(bob)
    await bob.keyboard.type("a draft that is discarded")
    await expect_notices_apart(bob)
    await bob.keyboard.press("Escape")
    await expect(bob.get_by_test_id("toast")).to_be_visible()
    await expect_notices_apart(bob)
    # It is laid again: the text that is written grows to where it is.
    x, y = await bob.evaluate(FREE_BEFORE_THE_TOAST)
    # Not with a finger: Chromium presses a button that is near.
    await bob.mouse.click(x, y)
    await bob.keyboard.type("a new draft, which is long")
    await expect_notices_apart(bob)
    await expect(bob.get_by_test_id("undo")).to_be_visible()
    if visible != size[1]:
        await no_keyboard(bob)
        await expect_notices_apart(bob)


# Arriving.


def text_boxes(inside: str) -> str:
    return f"""() => [...document.querySelectorAll('.world p.words')].map((words) => {{
      const {{ left, top, right, bottom }} = words.getBoundingClientRect()
      return {{ text: words.textContent, left, top, right, bottom }}
    }}).filter(({{ left, top, right, bottom }}) => {inside})"""


WHOLE = "left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight"
CUT = f"!({WHOLE}) && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight"


async def until_whole(page: Page, *wanted: str) -> None:
    """Return once all of these texts are wholly in view."""
    await page.wait_for_function(
        f"""(wanted) => {{
          const whole = ({text_boxes(WHOLE)})().map(({{ text }}) => text)
          return wanted.every((text) => whole.includes(text))
        }}""",
        arg=list(wanted),
    )


async def until_none_cut(page: Page) -> None:
    """Return once no text is partly in view, and everything is at rest."""
    await page.wait_for_function(f"() => ({text_boxes(CUT)})().length === 0")
    await at_rest(page)


@pytest.mark.parametrize("size", [SMALL, PORTRAIT, LANDSCAPE], ids=str)
async def test_a_newcomers_view_frames_the_text_nearby(visit: Visit, join: Join, size: tuple[int, int]) -> None:
    ann = await join(name="Ann")
    await ann.chat("somewhat to the right of the middle", at=(420, -60))
    await ann.chat("a little below", at=(430, 40))
    await ann.chat("far away", at=(9_000, 0))
    bob = await visit(**phone(size))
    await until_whole(bob, "somewhat to the right of the middle", "a little below")
    await until_none_cut(bob)
    assert 0.7 < await zoom_of(bob) <= 1


async def test_a_newcomers_view_frames_people_who_only_point(visit: Visit) -> None:
    ann = await visit(viewport={"width": 1400, "height": 900})
    await ann.mouse.move(1_300, 450)
    bob = await visit(**phone())
    # Ann says where she is within a second (W16), 600 px to the right of the middle.
    await bob.wait_for_function(
        """() => {
          const cursor = document.querySelector('[data-testid="cursor"]')?.getBoundingClientRect()
          return cursor && cursor.left > 20 && cursor.left < innerWidth - 60
        }"""
    )


async def test_a_link_to_a_spot_and_ones_own_hand_come_before_the_framing(visit: Visit, join: Join) -> None:
    ann = await join(name="Ann")
    await ann.chat("somewhat to the right of the middle", at=(420, -60))
    bob = await visit("/c/garden#-300,-200,1", **phone())
    await expect(bob.get_by_test_id("chip")).to_have_count(1)
    await page_time(bob, 1_500)  # longer than a newcomer's view is framed
    x, y, zoom = await camera_of(bob)
    assert (x, y, zoom) == pytest.approx((-300, -200, 1), abs=0.5)


async def test_who_comes_when_one_is_there_already_moves_nothing(visit: Visit, join: Join) -> None:
    bob = await visit(**phone())
    await page_time(bob, 1_500)
    ann = await join(name="Ann")
    await ann.chat("somewhat to the right of the middle", at=(420, -60))
    await expect(bob.get_by_test_id("chip")).to_have_count(1)
    assert await camera_of(bob) == pytest.approx((0, 0, 1), abs=0.5)


@pytest.mark.parametrize("size", [SMALL, PORTRAIT], ids=str)
async def test_text_that_begins_or_ends_outside_is_moved_into_the_view(
    visit: Visit, join: Join, size: tuple[int, int]
) -> None:
    bob = await visit(**phone(size))
    ann = await join(name="Ann")
    await page_time(bob, 1_500)
    edge = size[0] / 2
    await ann.chat("begins outside on the left", at=(-edge - 70, -150))
    await ann.chat("ends outside on the right", at=(edge - 60, 0))
    await ann.chat("a line that is much longer than any phone is wide, and goes on for a while", at=(edge - 20, 90))
    wanted = ("begins outside on the left", "ends outside on the right")
    await until_whole(bob, *wanted)
    await until_none_cut(bob)
    # And again where the view is moved to.
    await bob.evaluate(
        """() => document.querySelector('[data-testid="plane"]').dispatchEvent(
          new WheelEvent('wheel', { deltaX: 40, deltaY: 0, bubbles: true, cancelable: true }))"""
    )
    await until_whole(bob, *wanted)


async def test_text_is_no_wider_than_the_view_at_any_zoom(visit: Visit, join: Join, subtests: pytest.Subtests) -> None:
    ann = await join(name="Ann")
    await ann.chat("a line that is much longer than any phone is wide, and goes on for a while", at=(0, 0))
    bob = await visit("/c/garden#0,0,1", **phone())
    words = bob.locator('[data-testid="message"] .words')
    await words.wait_for()
    for size in (SMALL, PORTRAIT):
        await resize(bob, size)
        for zoom in (0.5, 1, 1.8):
            with subtests.test(f"{size} at {zoom}"):
                await bob.evaluate(f"() => {{ location.hash = '#0,0,{zoom}' }}")
                await views_alike(bob, 0, 0, zoom)
                # Text is laid out anew a moment after the zoom.
                await bob.wait_for_function(
                    """(most) => document.querySelector('[data-testid="message"] .words')
                      .getBoundingClientRect().width <= most""",
                    arg=size[0] - 40,
                )


# Markers at the edge, the minimap, and the nearest conversation.


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({"viewport": {"width": 1440, "height": 900}}, [(1440, 900)]),
        (phone(), [(820, 1180), PORTRAIT, LANDSCAPE, SMALL]),
    ],
    ids=["mouse", "touch"],
)
async def test_markers_are_three_at_most_small_and_over_no_text(
    visit: Visit,
    server: Server,
    join: Join,
    options: dict[str, Any],
    sizes: list[tuple[int, int]],
    subtests: pytest.Subtests,
) -> None:
    bob = await visit("/c/garden#0,0,1", **options)
    for size in sizes:
        await resize(bob, size)
        others = await crowd(server)
        ann = await join(name="Ann")
        with subtests.test(f"{size}"):
            # Text along all edges.
            for at in (
                (-size[0] / 2 + 12, 0),
                (size[0] / 2 - 130, 30),
                (-40, -size[1] / 2 + 80),
                (-40, size[1] / 2 - 80),
            ):
                await ann.chat("by the edge", at=at)
            await expect(bob.locator('[data-testid="message"]')).to_have_count(4)
            chip = bob.get_by_test_id("chip")
            await expect(chip.first).to_be_visible()
            await at_rest(bob)
            assert await chip.count() <= 3
            await bob.wait_for_function(
                """() => {
                  const boxes = (selector) => [...document.querySelectorAll(selector)]
                    .filter((it) => it.checkVisibility({ visibilityProperty: true }))
                    .map((it) => it.getBoundingClientRect())
                  const chips = boxes('.chip-mark')
                  const text = boxes('.world p.words, .world .author, .minimap')
                  return chips.length > 0 && chips.every((a) => text.every((b) =>
                    a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom))
                }"""
            )
            for box in [await each.locator(".chip-mark").bounding_box() for each in await chip.all()]:
                assert box is not None
                assert box["width"] <= 90
                assert box["height"] <= 32
            # The arrow is much longer than it is wide.
            long, wide = await bob.evaluate(
                "() => (({ width, height }) => [width, height])(document.querySelector('.pointing path').getBBox())"
            )
            assert long >= 2 * wide
        await leave(others)
        await ann.close()
        await server.end_messages(bob)


async def test_a_tap_on_a_marker_names_who_is_there_and_the_next_one_goes(visit: Visit, join: Join) -> None:
    bob = await visit(**phone(SMALL))
    for name, y in (("Ann with a name that is long", 0), ("Cat", 60)):
        await (await join(name=name)).cursor((3_000, y))
    chip = bob.get_by_test_id("chip")
    await expect(chip).to_have_attribute("data-count", "2")
    names = chip.locator(".chip-names")
    await expect(names).to_be_hidden()
    await chip.tap()
    await expect(names).to_be_visible()
    await expect(names).to_contain_text("Cat")
    box = await names.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= SMALL[0]
    assert (await camera_of(bob))[0] == 0
    # A tap elsewhere closes them.
    await bob.touchscreen.tap(100, 150)
    await expect(names).to_be_hidden()
    await bob.keyboard.press("Escape")
    await chip.tap()
    await chip.tap()
    await expect(chip).to_have_count(0)
    assert (await camera_of(bob))[0] > 2_500


async def test_the_minimap_is_there_only_where_it_helps(visit: Visit, join: Join) -> None:
    bob = await visit("/c/garden#0,0,1", **phone())
    ann = await join(name="Ann")
    minimap = bob.get_by_test_id("minimap")
    await ann.cursor((0, 100))
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await expect(minimap).to_be_hidden()  # everybody is in view
    await ann.cursor((4_000, 100))
    await expect(minimap).to_be_visible()
    # While one writes, and above the keyboard.
    await bob.touchscreen.tap(180, 200)
    await bob.keyboard.type("a word")
    await expect(minimap).to_be_hidden()
    await bob.keyboard.press("Escape")
    await expect(minimap).to_be_visible()
    await keyboard(bob, 397)
    await expect(minimap).to_be_hidden()
    await keyboard(bob, 667)
    await expect(minimap).to_be_visible()
    # Under a panel.
    await bob.get_by_test_id("people").tap()
    await expect(bob.get_by_test_id("roster")).to_be_visible()
    await expect(minimap).to_be_hidden()
    await bob.get_by_test_id("close-panel").tap()
    await expect(minimap).to_be_visible()
    # Where it would cover text.
    await ann.chat("in the corner", at=(80, 240))
    await until_seen(bob, "in the corner")
    await expect(minimap).to_be_hidden()
    # On its side a phone is too short for it.
    await bob.set_viewport_size({"width": 667, "height": 375})
    await expect(minimap).to_be_hidden()


async def test_the_nearest_conversation_finds_people_who_do_not_talk(visit: Visit, join: Join) -> None:
    bob = await visit(**phone())
    await (await join(name="Ann")).cursor((4_000, 0))
    await expect(bob.get_by_test_id("chip")).to_have_count(1)
    await bob.get_by_test_id("nearest").tap()
    await expect(bob.get_by_test_id("chip")).to_have_count(0)
    assert (await camera_of(bob))[0] > 3_500


async def test_the_nearest_conversation_finds_people_without_a_pointer(visit: Visit) -> None:
    """On a phone nobody has one: what they look at is asked for (W32)."""
    ann, bob = await visit("/c/garden#4000,500,1", **phone()), await visit(**phone(SMALL))
    await bob.get_by_test_id("nearest").tap()
    await views_alike(bob, 4_000, 500, 1)
    await expect(bob.get_by_test_id("following")).to_have_count(0)
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")


async def test_the_nearest_conversation_says_so_when_there_is_nobody(visit: Visit, join: Join) -> None:
    bob = await visit(**phone())
    await bob.keyboard.press("End")
    await expect(bob.get_by_test_id("notices")).to_have_text("Nobody else is here.")
    await expect(bob.get_by_test_id("notices")).to_have_text("")
    ann = await join(name="Ann")
    await ann.cursor((0, 100))
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await bob.get_by_test_id("nearest").tap()
    await expect(bob.get_by_test_id("notices")).to_contain_text("Nobody was found outside your view.")


# Reaching.


async def tool(page: Page, name: str) -> Locator:
    """One of the tools at the lower edge, which a narrow page gathers behind three dots."""
    if await page.get_by_test_id("tools").is_visible():
        await page.get_by_test_id("tools").tap()
    await expect(page.get_by_test_id(name)).to_be_visible()
    return page.get_by_test_id(name)


async def show(page: Page, view: str, server: Server) -> None:
    """Bring a page with others around into one of the states that people meet."""
    match view:
        case "people":
            await page.get_by_test_id("people").tap()
            await expect(page.get_by_test_id("roster")).to_be_visible()
        case "following":
            await page.get_by_test_id("people").tap()
            await page.get_by_test_id("follow").first.tap()
            await expect(page.get_by_test_id("following")).to_be_visible()
        case "palette":
            await page.get_by_test_id("react").tap()
            await expect(page.get_by_test_id("palette")).to_be_visible()
        case "tools":
            await tool(page, "history")
        case "settings":
            await (await tool(page, "settings")).tap()
            await expect(page.get_by_test_id("settings-panel")).to_be_visible()
        case "refused":
            await page.touchscreen.tap(40, 200)
            await page.keyboard.type("one")
            await page.keyboard.press("Enter")
            await page.keyboard.type("and another one, too fast")
            await page.keyboard.press("Enter")
            await expect(page.get_by_test_id("send-again")).to_be_visible()
            await page.keyboard.press("Escape")
        case "lost":
            await server.stop()
            await page.locator('[data-testid="connection"][data-state="waiting"]').wait_for()


async def assert_targets(page: Page, size: tuple[int, int]) -> None:
    """Every target is large, within the screen, and over no other."""
    await at_rest(page)
    found = await controls(page)
    assert_large(found)
    assert_apart(found, *size)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    spilling = await page.evaluate(
        """() => [...document.querySelectorAll('.chip-mark, .chip-mark *')].filter((each) => {
          const chip = each.closest('.chip').getBoundingClientRect()
          const { left, right } = each.getBoundingClientRect()
          return left < chip.left - 1 || right > chip.right + 1
        }).map((each) => each.textContent)"""
    )
    assert spilling == [], "something runs out of its chip"


@pytest.mark.parametrize("size", [SMALL, PORTRAIT, LANDSCAPE], ids=str)
async def test_every_target_is_large_within_the_screen_and_over_no_other(
    visit: Visit, server: Server, size: tuple[int, int], subtests: pytest.Subtests
) -> None:
    bob = await visit(**phone(size))
    with subtests.test("alone"):
        await assert_targets(bob, size)
    others = await crowd(server)
    await expect(bob.get_by_test_id("chip").first).to_be_visible()
    await expect(bob.get_by_test_id("notices").locator("li")).to_have_count(0)
    for view in ("company", "people", "following", "palette", "tools", "settings", "lost"):
        with subtests.test(view):
            await show(bob, view, server)
            await assert_targets(bob, size)
        await go_back(bob)
    await leave(others)


@pytest.mark.parametrize("settings", [{"rate_limit_per_minute": 1}], ids=["one message a minute"])
@pytest.mark.parametrize("size", [SMALL, PORTRAIT, LANDSCAPE], ids=str)
async def test_every_target_is_large_also_where_a_message_was_refused(
    visit: Visit, server: Server, size: tuple[int, int]
) -> None:
    bob = await visit(**phone(size))
    await show(bob, "refused", server)
    await assert_targets(bob, size)
    # Why it was refused is read whole, also once the phone is turned to where the view is wider.
    for width, height in {size, max(size, size[::-1])}:
        await bob.set_viewport_size({"width": width, "height": height})
        await at_rest(bob)
        for each in await bob.get_by_test_id("unsent").locator("> :not([hidden])").all():
            box = await each.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width, await each.text_content()


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=str)
async def test_nothing_lies_under_a_notch_or_a_bar(visit: Visit, server: Server, size: tuple[int, int]) -> None:
    width, height = size
    insets = {"top": 47, "right": 21, "bottom": 34, "left": 31}
    bob = await visit(**phone(size))
    cdp = await bob.context.new_cdp_session(bob)
    await cdp.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    await bob.evaluate("() => dispatchEvent(new Event('resize'))")
    others = await crowd(server)
    await expect(bob.get_by_test_id("chip").first).to_be_visible()
    await at_rest(bob)
    await show(bob, "palette", server)
    for each in await controls(bob):
        assert each["left"] >= insets["left"], each
        assert each["top"] >= insets["top"], each
        assert each["right"] <= width - insets["right"], each
        assert each["bottom"] <= height - insets["bottom"], each
    # Nor does what one writes.
    await bob.touchscreen.tap(33, 300)
    await bob.keyboard.type("x")
    await caret_within(bob, insets["top"], height - insets["bottom"])
    box = await bob.get_by_test_id("caret").bounding_box()
    assert box is not None
    assert box["x"] >= insets["left"]
    await leave(others)


async def test_a_narrow_page_gathers_its_tools_and_gives_the_focus_back(visit: Visit) -> None:
    bob = await visit(**phone())
    more, settings = bob.get_by_test_id("tools"), bob.get_by_test_id("settings")
    await expect(settings).to_be_hidden()
    await more.tap()
    await expect(more).to_have_attribute("aria-expanded", "true")
    await expect(settings).to_be_visible()
    # A tap beside what was opened closes it, and does not write.
    await bob.touchscreen.tap(180, 300)
    await expect(settings).to_be_hidden()
    for opener, panel in (("people", "roster"), ("share", "share-panel")):
        await bob.get_by_test_id(opener).tap()
        await expect(bob.get_by_test_id(panel)).to_be_visible()
        await bob.touchscreen.tap(60, 560)
        await expect(bob.get_by_test_id(panel)).to_have_count(0)
    await bob.get_by_test_id("people").tap()
    await expect(bob.get_by_test_id("roster")).to_be_visible()
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)
    await bob.keyboard.press("Escape")
    await more.focus()
    await bob.keyboard.press("Enter")
    await bob.keyboard.press("Tab")
    await bob.keyboard.press("Escape")
    await expect(settings).to_be_hidden()
    await expect(more).to_be_focused()
    await more.tap()
    await settings.tap()
    await expect(bob.get_by_test_id("settings-panel")).to_be_visible()
    await bob.get_by_test_id("close-settings").tap()
    await expect(settings).to_be_hidden()
    await expect(more).to_be_focused()
    await bob.set_viewport_size({"width": 820, "height": 1180})
    await expect(more).to_be_hidden()
    await expect(settings).to_be_visible()


# Nothing moves but the plane.


async def test_neither_two_taps_nor_two_fingers_nor_a_pull_moves_the_page(visit: Visit, server: Server) -> None:
    bob = await visit(**phone())
    others = await crowd(server)
    await expect(bob.get_by_test_id("chip").first).to_be_visible()
    await bob.evaluate("() => { window.sameDocument = true }")
    cdp = await bob.context.new_cdp_session(bob)

    async def centre(test_id: str) -> tuple[float, float]:
        box = await bob.get_by_test_id(test_id).first.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    for x, y in ((180.0, 330.0), await centre("channel"), await centre("zoom"), await centre("minimap")):
        for _ in range(2):
            await fingers(cdp, "touchStart", (x, y))
            await fingers(cdp, "touchEnd")
        await fingers(cdp, "touchStart", (x - 20, y), (x + 20, y))
        for step in range(1, 8):
            await fingers(cdp, "touchMove", (x - 20 - step * 10, y), (x + 20 + step * 10, y))
        await fingers(cdp, "touchEnd")
        await fingers(cdp, "touchStart", (x, 20))
        for step in range(1, 12):
            await fingers(cdp, "touchMove", (x, 20 + step * 40))
        await fingers(cdp, "touchEnd")
        assert await bob.evaluate(STILL) == [0, 0, 1, 0]
    assert await bob.evaluate("() => window.sameDocument")
    await leave(others)


async def test_a_pinch_zooms_the_plane_and_opens_neither_caret_nor_palette(visit: Visit, join: Join) -> None:
    await join()
    bob = await visit(**phone())
    await expect(bob.get_by_test_id("react")).to_have_count(1)
    cdp = await bob.context.new_cdp_session(bob)
    await fingers(cdp, "touchStart", (150, 300))
    await fingers(cdp, "touchStart", (150, 300), (250, 300))
    for spread in range(5, 55, 5):
        await fingers(cdp, "touchMove", (150 - spread, 300), (250 + spread, 300))
    await page_time(bob, 600)  # longer than a long press
    await fingers(cdp, "touchEnd")
    assert await zoom_of(bob) == pytest.approx(2, rel=0.1)
    await expect(bob.get_by_test_id("palette")).to_have_count(0)
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)


async def test_utilities_for_touch_count_for_each_kind_of_touch_device(visit: Visit) -> None:
    """Some touch screens can hover, and some say that their pointer is fine: one of the two conditions is enough."""
    page = await visit()
    conditions = await page.evaluate(
        """() => {
          const within = (rules, media) => [...rules].flatMap((rule) => [
            ...(rule.selectorText?.startsWith('.touch\\\\:') ? [media] : []),
            ...within(rule.cssRules ?? [], rule.media ? rule.media.mediaText : media),
          ])
          return [...document.styleSheets].flatMap((sheet) => within(sheet.cssRules, ''))
        }"""
    )
    assert set(conditions) == {"(hover: none), (pointer: coarse)"}


async def test_in_landscape_the_panel_of_people_shows_two_others_too(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    ann, _, _ = await visit(**phone(LANDSCAPE)), await join(), await join()
    for size in (LANDSCAPE, (844, 390)):
        async with case(subtests, f"{size}", ann):
            await resize(ann, size)
            await ann.get_by_test_id("people").tap()
            person = ann.get_by_test_id("person").nth(1)
            await expect(person).to_be_in_viewport(ratio=0.99)
            box, foot = await person.bounding_box(), await ann.get_by_test_id("close-panel").bounding_box()
            assert box is not None
            assert foot is not None
            # The last line of the panel lies over what is scrolled.
            assert box["y"] + box["height"] <= foot["y"] + 1
            for color in await ann.get_by_role("radio").all():
                target = await color.bounding_box()
                assert target is not None
                assert min(target["width"], target["height"]) >= 44


# Whether the shadow that says that there is more can be seen above the last row of a panel.
SAYS_MORE = """(panel) => {
  const [more, end] = ['more', 'end'].map((name) => panel.querySelector(`.scroll-${name}`).getBoundingClientRect())
  const foot = panel.querySelector('.scroll-end').nextElementSibling.getBoundingClientRect()
  return Math.abs(more.bottom - foot.top) < 0.5 && Math.abs(more.top - end.top) > 0.5
}"""


async def test_the_rows_of_people_are_even_and_the_panel_says_that_there_are_more(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    bob = await visit(**phone())
    roster = bob.get_by_test_id("roster")
    people = [await join(name="a name that is much too long" if odd else "Cy") for odd in (0, 1, 0, 1)]
    for each in people[:2]:
        await each.cursor((0, 0))
    await expect(bob.get_by_test_id("cursor")).to_have_count(2)
    for size in (PORTRAIT, LANDSCAPE):
        async with case(subtests, f"{size}: even", bob):
            await resize(bob, size)
            await bob.get_by_test_id("people").click()
            await expect(roster.get_by_title("Go to")).to_have_count(2)
            rows = roster.get_by_test_id("person")
            heights = await rows.evaluate_all(
                "(all) => all.map((row) => Math.round(row.getBoundingClientRect().height))"
            )
            assert len(heights) == 4
            assert len(set(heights)) == 1, heights
    for _ in range(8):
        await join()
    for size in (PORTRAIT, LANDSCAPE):
        async with case(subtests, f"{size}: more", bob):
            await resize(bob, size)
            await bob.get_by_test_id("people").click()
            await expect(roster.get_by_test_id("person")).to_have_count(12)
            assert await roster.evaluate(SAYS_MORE)
            await roster.evaluate("(panel) => panel.scrollTo(0, panel.scrollHeight)")
            assert not await roster.evaluate(SAYS_MORE)
    async with case(subtests, "nothing to scroll", bob):
        await resize(bob, PORTRAIT)
        await bob.get_by_test_id("share").click()
        await expect(bob.get_by_test_id("share-panel")).to_be_visible()
        assert not await bob.get_by_test_id("share-panel").evaluate(SAYS_MORE)
