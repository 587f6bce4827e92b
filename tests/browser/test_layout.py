"""Messages make room for each other: no text covers another, in any view, and what has no room is a dot that opens."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.waiting import eventually, eventually_is

from .conftest import Join, Server, Visit
from .overlap import covered_text, measure_text
from .test_crowd import speak
from .watch import at_rest, go_back, say, until_seen

WIDE = {"width": 1440, "height": 900}
FORTY = "forty letters are typed here, on and on."


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"rate_limit_per_minute": 0}


async def place_of_caret(page: Page) -> dict[str, float]:
    found: dict[str, float] = await page.locator(".caret[data-open] .mirror").evaluate(
        "(it) => { const { x, y, bottom } = it.getBoundingClientRect(); return { x, y, bottom } }"
    )
    return found


async def box_of(page: Page, text: str) -> dict[str, float]:
    found: dict[str, float] = await page.locator(".words:not(textarea)", has_text=text).first.evaluate(
        "(it) => { const { x, y, bottom, right } = it.getBoundingClientRect(); return { x, y, bottom, right } }"
    )
    return found


async def test_a_draft_that_grows_into_a_neighbour_stays_legible_in_both_views(visit: Visit) -> None:
    ann, bob = await visit(viewport=WIDE), await visit(viewport=WIDE)
    await say(bob, 760, 450, "said before")
    await until_seen(ann, "said before")
    await bob.keyboard.press("Escape")
    await ann.mouse.click(480, 450)
    await ann.keyboard.type(FORTY)
    await expect(bob.locator('[data-testid="draft"] .words')).to_have_text(FORTY)
    for page in (ann, bob):
        await at_rest(page)
        assert await covered_text(page) == []
    before = await box_of(bob, FORTY)
    await ann.keyboard.press("Enter")
    await until_seen(bob, FORTY)
    await until_seen(ann, FORTY)
    await ann.keyboard.type("and one more line")
    for page in (ann, bob):
        await at_rest(page)
        assert await covered_text(page) == []
    assert await box_of(bob, FORTY) == before


async def test_a_draft_that_grows_down_moves_what_is_below_in_the_writers_view_and_the_caret_stays(
    visit: Visit,
) -> None:
    ann, bob = await visit(viewport=WIDE), await visit(viewport=WIDE)
    await say(bob, 480, 500, "right below")
    await bob.keyboard.press("Escape")
    await until_seen(ann, "right below")
    await ann.mouse.click(480, 440)
    caret = await place_of_caret(ann)
    lines = ("one", "two", "three", "four")
    for line in lines:
        await ann.keyboard.type(line)
        await ann.keyboard.press("Shift+Enter")
    await expect(bob.locator('[data-testid="draft"] .words')).to_contain_text("four")
    for page in (ann, bob):
        await at_rest(page)
        assert await covered_text(page) == []
    now = await place_of_caret(ann)
    assert (now["x"], now["y"]) == (caret["x"], caret["y"])


async def test_a_caret_opens_below_a_message_that_is_in_the_way_and_below_our_own_lines(visit: Visit) -> None:
    ann, bob = await visit(viewport=WIDE), await visit(viewport=WIDE)
    await say(bob, 600, 450, "a message of mine")
    await bob.keyboard.press("Escape")
    await until_seen(ann, "a message of mine")
    message = await box_of(ann, "a message of mine")
    # Beside it: there is no room for a line from here to there.
    await ann.mouse.click(540, 450)
    place = await place_of_caret(ann)
    assert place["x"] == pytest.approx(540, abs=1)
    assert message["bottom"] < place["y"] < message["bottom"] + 40
    await ann.keyboard.type("my own line")
    await ann.keyboard.press("Enter")
    await ann.keyboard.press("Escape")
    # On it, with a key: the pointer is over the message.
    await ann.mouse.move(640, 452)
    await ann.keyboard.type("a reply")
    own, reply = await box_of(ann, "my own line"), await place_of_caret(ann)
    assert reply["y"] >= own["bottom"]
    await ann.keyboard.press("Enter")
    await until_seen(bob, "a reply")
    for page in (ann, bob):
        await at_rest(page)
        assert await covered_text(page) == []
        assert max((await measure_text(page))["leashes"]) == pytest.approx(0, abs=1)


async def test_a_line_that_was_not_sent_is_in_the_way(visit: Visit, server: Server) -> None:
    await server.restart(rate_limit_per_minute=1)
    ann = await visit(viewport=WIDE)
    await say(ann, 400, 300, "sent")
    await until_seen(ann, "sent")
    await say(ann, 400, 500, "this line is refused by the server")
    unsent = ann.get_by_test_id("unsent")
    await expect(unsent).to_have_count(1)
    await ann.keyboard.press("Escape")
    await at_rest(ann)
    await ann.mouse.click(340, 500)
    place = await place_of_caret(ann)
    assert place["y"] > (await box_of(ann, "this line is refused"))["bottom"]


# What is wrong with the notices, the hint and the toast, in words.
_NOTICES = """
() => {
  const wrong = []
  const boxOf = (each) => each.getBoundingClientRect()
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  const shown = (selector) => [...document.querySelectorAll(selector)]
    .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  const texts = shown('.world p.words, .caret[data-open] .mirror')
  const controls = shown('.edge button, .edge a')
  const hints = shown('.company:has(p:not(:empty)), [data-testid="toast"]')
  const notices = shown('.unsent')
  for (const notice of notices) {
    const box = boxOf(notice)
    const said = notice.textContent
    if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > visualViewport.height)
      wrong.push(`${said} leaves the screen: ${[box.left, box.top, box.right, box.bottom].map(Math.round)}`)
    for (const each of [...texts, ...controls, ...hints, ...notices])
      if (each !== notice && meet(box, boxOf(each))) wrong.push(`${said} and ${each.textContent} overlap`)
    // Where there is little room, only the buttons are shown.
    for (const each of notice.querySelectorAll('brief' in notice.dataset ? 'button' : '[role=alert], button')) {
      const { left, right, top, bottom } = boxOf(each)
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
      if (!each.contains(hit)) wrong.push(`${each.textContent} cannot be pressed`)
      if (each.scrollWidth > each.clientWidth + 1) wrong.push(`${each.textContent} is cut off`)
    }
  }
  for (const hint of hints) {
    const { left, top, right, bottom } = boxOf(hint)
    if (left < 0 || top < 0 || right > innerWidth || bottom > visualViewport.height)
      wrong.push(`${hint.textContent} leaves the screen`)
    for (const each of [...texts, ...controls, ...hints])
      if (each !== hint && meet(boxOf(hint), boxOf(each))) wrong.push(`${hint.textContent} covers ${each.textContent}`)
  }
  return wrong
}
"""
# One reads from left to right, with long words, and one from right to left.
NOTICES = [
    pytest.param("mouse", "de-DE", [(1200, 500)], id="low"),
    pytest.param("touch", "ar-EG", [(390, 844)], id="phone"),
    pytest.param("mouse", "de-DE", [(1440, 900)], id="desktop", marks=pytest.mark.repeats),
    pytest.param("touch", "ar-EG", [(820, 1180), (844, 390)], id="tablet and landscape", marks=pytest.mark.repeats),
]


async def expect_notices_apart(page: Page) -> None:
    await at_rest(page)
    # What is fetched, or comes to rest later, moves them once more.
    await eventually_is(lambda: page.evaluate(_NOTICES), [], patience_s=10)


@pytest.mark.parametrize(("device", "locale", "sizes"), NOTICES)
async def test_the_notice_of_a_refused_message_can_be_read_and_pressed_wherever_the_message_is(
    visit: Visit, server: Server, subtests: pytest.Subtests, device: str, locale: str, sizes: list[tuple[int, int]]
) -> None:
    await server.restart(rate_limit_per_minute=1)
    touch = device == "touch"
    ann = await visit(has_touch=touch, is_mobile=touch, locale=locale)
    for width, height in sizes:
        await ann.set_viewport_size({"width": width, "height": height})
        # The only one of this minute.
        await server.pass_time(61, ann)
        await go_back(ann)
        await say(ann, 300, 300, "this one is sent")
        await expect(ann.locator('[data-state="sent"]', has_text="this one is sent").last).to_be_attached()
        spots = {
            "left": (12, height / 2, "at the left edge"),
            "right": (width - 15, height / 2, "right"),
            "top": (width / 2, 8, "at the upper edge"),
            "bottom": (width / 2, height - 60, "at the lower edge"),
            "middle": (width / 2 - 60, height / 2, "in the middle, where a hint is"),
            "right to left": (width - 15, height / 2, "رسالة"),
        }
        for spot, (x, y, text) in spots.items():
            with subtests.test(spot, size=(width, height)):
                await go_back(ann)
                await say(ann, x, y, text)
                await expect(ann.get_by_test_id("send-again")).to_have_count(1)
                # With the caret right below, and without.
                await expect_notices_apart(ann)
                await ann.keyboard.type("more")
                await expect_notices_apart(ann)
                # The draft is discarded, and a toast says so.
                await ann.keyboard.press("Escape")
                await expect(ann.get_by_test_id("toast")).to_be_visible()
                await expect_notices_apart(ann)
                # The plane goes on, and only a part of the message is seen.
                await ann.mouse.wheel(0, 40)
                await expect_notices_apart(ann)
            await ann.get_by_test_id("discard").first.click()
            await expect(ann.get_by_test_id("unsent")).to_have_count(0)
        with subtests.test("several lines", size=(width, height)):
            await go_back(ann)
            await say(ann, width / 3, height / 2, "one line")
            await ann.keyboard.type("and another")
            await ann.keyboard.press("Enter")
            await expect(ann.get_by_test_id("send-again")).to_have_count(2)
            await expect_notices_apart(ann)
        for left in (1, 0):
            await ann.get_by_test_id("discard").nth(left).click()


# What the labels of messages that are on their way cover, in words, and how many labels are seen.
_LABELS = """
() => {
  const wrong = []
  const labels = [...document.querySelectorAll('.pending')]
    .filter((each) => each.checkVisibility({ opacityProperty: true }))
  for (const label of labels) {
    const box = label.getBoundingClientRect()
    if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
      wrong.push('a label leaves the screen')
    const words = label.closest('.message-body').querySelector('.words')
    for (const each of [...document.querySelectorAll('.world .words'), ...labels]) {
      if (each === words || each === label) continue
      const { left, top, right, bottom } = each.getBoundingClientRect()
      if (box.left < right && left < box.right && box.top < bottom && top < box.bottom)
        wrong.push(`the label of ${words.textContent} covers ${each.textContent}`)
    }
  }
  return [wrong, labels.length]
}
"""
SHORT = ["a first line", "and a second line", "والسطر الثالث"]
# There is room only after the last, or below it.
FULL = ["this one fills the phone", "as this one does, too", "what is left of it"]


@pytest.mark.parametrize(
    ("locale", "size", "spot", "lines", "seen"),
    [
        pytest.param("en", (1280, 800), (600, 300), SHORT, 3, id="desktop"),
        pytest.param("en", (390, 844), (130, 300), FULL, 1, id="phone"),
        pytest.param("ar", (390, 844), (130, 300), FULL, 1, id="phone, from right to left"),
        pytest.param("ar", (844, 390), (400, 100), SHORT, 3, id="landscape, from right to left"),
    ],
)
async def test_no_label_of_lines_that_are_on_their_way_covers_text(
    visit: Visit, server: Server, locale: str, size: tuple[int, int], spot: tuple[int, int], lines: list[str], seen: int
) -> None:
    touch = size[0] < 1000
    viewport = {"width": size[0], "height": size[1]}
    ann = await visit(locale=locale, viewport=viewport, has_touch=touch, is_mobile=touch)
    await say(ann, *spot, "said before")
    await expect(ann.locator('[data-state="sent"]')).to_have_count(1)
    # What places the labels, with all that it needs. Nothing can be fetched from a server that has stopped.
    part = await ann.wait_for_function(
        "() => performance.getEntriesByType('resource').find(({ name }) => name.includes('making-room'))?.name"
    )
    await ann.evaluate("(part) => import(part).then(() => undefined)", await part.json_value())
    await server.stop()
    for line in lines:
        await ann.keyboard.type(line)
        await ann.keyboard.press("Enter")
    await expect(ann.locator('[data-state="pending"] .pending[data-placed]')).to_have_count(len(lines))
    await at_rest(ann)
    await eventually_is(lambda: ann.evaluate(_LABELS), [[], seen])


async def test_messages_of_many_scripts_at_one_point_do_not_cover_each_other(visit: Visit, server: Server) -> None:
    ann = await visit(viewport=WIDE)
    texts = [
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii", "WWWWWWWWWWWWWWWW MMMMMMMMMMMMMMM", "Straße, naïveté, Übermut, ¿qué?",
        "漢字とかなの文章です", "Привет всем, кто здесь", "مرحبا بكم جميعا", "שלום לכולם", "😀😀 hello 🎉",
    ]  # fmt: skip
    await speak(server, [(0, 3 * n, text) for n, text in enumerate(texts)], people=len(texts))
    await until_seen(ann, texts[-1])
    await at_rest(ann)
    assert await covered_text(ann) == []


async def expect_no_dot_on_text(page: Page) -> None:
    """Dots step off text that the edge of the view moves, so this may take a moment."""

    async def are_apart() -> bool:
        found = await measure_text(page)
        return bool(found["dots"] > 0 and found["dots_on_text"] == 0)

    await eventually(are_apart, "no dot lies on text")


async def crowd(server: Server, number: int) -> None:
    """So many people say something at one place."""
    said = [(n % 7 * 10, n % 5 * 6, f"number {n} says a few words here") for n in range(number)]
    await speak(server, [(x, y, text) for x, y, text in said], people=number)


async def test_without_room_the_newest_are_text_and_older_ones_dots_that_open(visit: Visit, server: Server) -> None:
    ann = await visit(viewport=WIDE)
    await crowd(server, 24)
    await until_seen(ann, "number 23")
    await at_rest(ann)
    await expect_no_dot_on_text(ann)
    found = await measure_text(ann)
    assert found["pairs"] == []
    assert found["dots"] > 5
    assert max(found["leashes"]) <= 121
    assert await ann.locator("[data-dot]", has_text="number 23").count() == 0
    dot = ann.locator("[data-dot] .dot").first
    # Initials, of a name with two words.
    assert len(await dot.inner_text()) == 2
    key = await ann.locator("[data-dot]").first.get_attribute("data-key")
    message = ann.locator(f'[data-key="{key}"]')
    box = await dot.bounding_box()
    assert box is not None
    await ann.mouse.move(box["x"] + 8, box["y"] + 13)
    await ann.mouse.move(box["x"] + 14, box["y"] + 13, steps=3)
    await expect(message.locator(".words")).to_be_visible()
    await expect(message.locator(".author")).to_have_css("display", "block")
    await ann.mouse.move(20, 450)
    await expect(message.locator(".words")).to_be_hidden()
    await message.locator(".message-body").focus()
    await expect(message.locator(".words")).to_be_visible()


async def test_dots_of_a_crowd_lie_on_no_text(visit: Visit, server: Server) -> None:
    # So many that texts are no layers of their own.
    ann = await visit(viewport=WIDE)
    await crowd(server, 52)
    await expect_no_dot_on_text(ann)


async def test_a_tap_opens_a_dot_and_no_caret(visit: Visit, server: Server) -> None:
    ann = await visit(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    await crowd(server, 24)
    await until_seen(ann, "number 23")
    await at_rest(ann)
    await expect_no_dot_on_text(ann)
    shown = ann.locator("[data-dot='shut'] .dot")
    for number in range(await shown.count()):
        box = await shown.nth(number).bounding_box()
        if box and 20 < box["x"] < 330 and 150 < box["y"] < 500:
            break
    else:
        pytest.fail("no dot in view")
    assert box is not None
    await ann.touchscreen.tap(box["x"] + 13, box["y"] + 13)
    await expect(ann.locator("[data-dot='open'] .words")).to_be_visible()
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)


async def test_a_late_joiner_sees_pointers_beside_words_and_each_name_once(visit: Visit) -> None:
    ann = await visit(viewport=WIDE)
    await say(ann, 600, 450, "my pointer rests on this line")
    await ann.keyboard.press("Escape")
    await ann.mouse.move(640, 455, steps=4)
    bob = await visit(viewport=WIDE)
    await until_seen(bob, "my pointer rests on this line")
    pointer = bob.get_by_test_id("cursor")
    await expect(pointer).to_have_count(1)
    await bob.wait_for_function(
        """() => {
          const dot = document.querySelector('.cursor i').getBoundingClientRect()
          return [...document.querySelectorAll('p.words')].every((words) => {
            const { left, top, right, bottom } = words.getBoundingClientRect()
            return dot.right <= left || dot.left >= right || dot.bottom <= top || dot.top >= bottom
          })
        }"""
    )
    # The name is above the message already.
    await expect(pointer).to_have_attribute("data-side", "none")
    await ann.mouse.move(1200, 800, steps=4)
    await expect(pointer).to_have_attribute("data-side", "below")


async def test_names_of_pointers_that_are_close_cover_neither_each_other_nor_a_pointer(
    visit: Visit, join: Join
) -> None:
    page = await visit(viewport=WIDE)
    await page.keyboard.type("here")  # so that the page has a view that stays
    await page.keyboard.press("Escape")
    people = [await join(name=name) for name in ("Quiet Fox", "Clear Raven", "Calm Elk")]
    for apart in (30, 12, 0):
        for number, person in enumerate(people):
            await person.cursor((apart * number, 40 + 3 * number))
        await expect(page.get_by_test_id("cursor")).to_have_count(len(people))
        shown = page.locator('.cursor[data-side]:not([data-side="none"])')
        await expect(shown).not_to_have_count(0)
        await page.wait_for_function(NAMES_ARE_APART, timeout=15_000)


NAMES_ARE_APART = """() => {
  const box = (element) => element.getBoundingClientRect()
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
  const cursors = [...document.querySelectorAll('.cursor')]
  const named = cursors.filter((each) => each.dataset.side && each.dataset.side !== 'none')
  return named.every((each) => cursors.every((other) => {
    if (each === other) return true
    const name = box(each.querySelector('span'))
    return !meet(name, box(other.querySelector('i')))
      && !(named.includes(other) && meet(name, box(other.querySelector('span'))))
  }))
}"""
