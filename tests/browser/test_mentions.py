"""Mentions on the page: the glow, the chime, and the names offered while one types (W117)."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.support.waiting import eventually

from .conftest import Join, Visit
from .test_hearing import heard, listen
from .watch import say, until_seen

CHIME = 0.08
"""The loudness of each of the two tones of a chime; a message is at most at 0.05."""


async def rename(page: Page, name: str) -> None:
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("your-name").fill(name)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("roster")).to_have_count(0)


async def chimes(page: Page) -> int:
    volumes: list[float] = (await heard(page))["volumes"]
    return len([volume for volume in volumes if abs(volume - CHIME) < 0.001]) // 2


def message(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


async def test_w117_a_message_with_ones_name_glows_for_that_person_only(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await rename(ann, "Ann Lee")
    await rename(bob, "Bob")
    await say(bob, 300, 300, "@ann lee: look, and you @Bob too")
    await say(bob, 300, 500, "ann@lee.example is no mention of Ann Lee")
    for page in (ann, bob):
        await until_seen(page, "ann@lee.example is no mention of Ann Lee")
    await expect(message(ann, "look, and you").get_by_test_id("glow")).to_be_visible()
    await expect(ann.get_by_test_id("glow")).to_have_count(1)
    await expect(bob.get_by_test_id("glow")).to_have_count(0)
    await ann.get_by_test_id("history").click()
    await expect(ann.get_by_test_id("history-entry").filter(has_text="mentions you")).to_have_count(1)
    await expect(ann.get_by_test_id("mentions-you")).to_have_text("mentions you")


async def test_w117_the_longest_name_that_is_here_counts(visit: Visit, join: Join) -> None:
    ann = await visit()
    await rename(ann, "Ann")
    await join(name="Ann Lee")
    bob = await join(name="Bob")
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "3")
    await bob.chat("@Ann Lee, not you", at=(-200, 0))
    await bob.chat("@Ann Leeds is you", at=(-200, 120))
    await expect(message(ann, "is you").get_by_test_id("glow")).to_be_visible()
    await expect(message(ann, "not you").get_by_test_id("glow")).to_have_count(0)


async def test_w117_a_mention_chimes_also_from_far_and_not_when_it_is_turned_off(visit: Visit, join: Join) -> None:
    bob = await join(name="Bob")
    ann = await listen(visit)
    await rename(ann, "Ann")
    await ann.mouse.click(500, 350)
    await bob.chat("@Ann come here", at=(90_000, 90_000))

    async def chimed() -> bool:
        return await chimes(ann) == 1

    await eventually(chimed, "the mention chimes")
    await ann.get_by_test_id("settings").click()
    await ann.get_by_test_id("setting-mentions").uncheck()
    await ann.keyboard.press("Escape")
    await bob.chat("@Ann once more", at=(0, 0))
    await until_seen(ann, "@Ann once more")
    await expect(ann.get_by_test_id("glow")).to_have_count(0)
    await ann.get_by_test_id("settings").click()
    await ann.get_by_test_id("setting-mentions").check()
    await ann.get_by_test_id("setting-sound").select_option(label="off")
    await ann.keyboard.press("Escape")
    await bob.chat("@Ann in silence", at=(0, 120))
    await expect(message(ann, "in silence").get_by_test_id("glow")).to_be_visible()
    assert await chimes(ann) == 1


async def test_w117_somebody_who_mentions_again_and_again_chimes_twice_and_muted_never(
    visit: Visit, join: Join
) -> None:
    bob = await join(name="Bob")
    ann = await listen(visit)
    await rename(ann, "Ann")
    await ann.mouse.click(500, 350)
    for n in range(9):
        await bob.chat(f"@Ann {n}", at=(-300, 30 * n - 120))
    await until_seen(ann, "@Ann 8")
    assert await chimes(ann) == 2
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("person").filter(has_text="Bob").hover()
    await ann.get_by_test_id("mute-person").click()
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("message")).to_have_count(0)
    await bob.chat("@Ann are you there?", at=(0, 0))
    carl = await join(name="Carl")
    await carl.chat("hello", at=(0, 100))
    await until_seen(ann, "hello")
    await expect(ann.get_by_test_id("glow")).to_have_count(0)


async def test_names_are_offered_and_completed_by_key(visit: Visit, join: Join) -> None:
    ann = await visit()
    await join(name="Bob Marley")
    await join(name="Bobby Lee")
    await join(name="Carl")
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "4")
    caret = ann.get_by_test_id("caret")
    options = ann.get_by_test_id("name-option")
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("hi @b")
    await expect(options).to_have_text(["Bob Marley", "Bobby Lee"])
    # The focus stays in the text, and the options are named to screen readers.
    await expect(caret).to_be_focused()
    listed = await ann.get_by_test_id("names").get_attribute("id")
    await expect(caret).to_have_attribute("aria-controls", str(listed))
    assert await caret.get_attribute("aria-activedescendant") is None
    await ann.keyboard.press("ArrowDown")
    await ann.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(caret).to_have_attribute("aria-activedescendant", str(await options.nth(1).get_attribute("id")))
    await ann.keyboard.press("Enter")
    await expect(caret).to_have_value("hi @Bobby Lee ")
    await expect(ann.get_by_test_id("names")).to_have_count(0)
    assert await caret.get_attribute("aria-controls") is None
    # In the middle of a text, too: Tab takes the first.
    await ann.keyboard.type("and @c")
    await ann.keyboard.press("Tab")
    await expect(caret).to_have_value("hi @Bobby Lee and @Carl ")
    await expect(caret).to_be_focused()
    await ann.keyboard.press("Enter")
    await until_seen(ann, "hi @Bobby Lee and @Carl")


async def test_the_list_of_names_takes_no_key_that_types_or_sends(visit: Visit, join: Join) -> None:
    ann = await visit()
    await join(name="Bob")
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    caret = ann.get_by_test_id("caret")
    names = ann.get_by_test_id("names")
    await ann.mouse.click(300, 300)
    typed = "@b 1 2 , . ? @ / ; : m f r"
    for character in typed:
        await ann.keyboard.type(character)
    await expect(caret).to_have_value(typed)
    await expect(ann.get_by_role("dialog")).to_have_count(0)
    await ann.keyboard.type(" @bo")
    await expect(names).to_be_visible()
    # Escape closes the list alone; the text stays.
    await ann.keyboard.press("Escape")
    await expect(names).to_have_count(0)
    await expect(caret).to_have_value(f"{typed} @bo")
    # Enter sends while nothing is chosen.
    await ann.keyboard.press("Backspace")
    await expect(names).to_be_visible()
    await ann.keyboard.press("Enter")
    await until_seen(ann, f"{typed} @b")
    await expect(caret).to_have_value("")


async def test_a_tap_completes_a_name_and_keeps_the_focus(visit: Visit, join: Join) -> None:
    ann = await visit(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    await join(name="Zoë 🦊")
    await expect(ann.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    caret = ann.get_by_test_id("caret")
    await ann.touchscreen.tap(60, 600)
    await ann.keyboard.type("@")
    option = ann.get_by_test_id("name-option")
    await expect(option).to_have_text("Zoë 🦊")
    box = await option.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 375
    assert box["y"] + box["height"] <= 667
    await option.tap()
    await expect(caret).to_have_value("@Zoë 🦊 ")
    await expect(caret).to_be_focused()
    await expect(ann.get_by_test_id("names")).to_have_count(0)
