"""Landmarks on the page: an owner places them, everybody sees them and goes to them (W115, W116)."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.support.waiting import eventually

from .conftest import Join, Visit
from .test_owners import open_people, own
from .watch import run_command, say, until_seen


async def add(page: Page, name: str) -> None:
    await page.get_by_test_id("landmark-name").fill(name)
    await page.get_by_test_id("landmark-add").click()


async def names(page: Page) -> list[str]:
    return await page.get_by_test_id("landmark").all_inner_texts()


async def camera_is_at(page: Page, x: float, y: float) -> None:
    """A world point is in the middle of the view: a mark there is."""

    async def middle() -> bool:
        found = await page.evaluate(
            """([x, y]) => {
              const mark = document.querySelector(`[data-testid=landmark][data-x="${x}"][data-y="${y}"]`)
              const box = mark.getBoundingClientRect()
              return Math.hypot(box.left - innerWidth / 2, box.top - innerHeight / 2)
            }""",
            [x, y],
        )
        return bool(found < 3)

    await eventually(middle, "the camera is there")


async def test_w115_an_owner_names_places_and_everybody_sees_them(visit: Visit) -> None:
    ann = await own(visit)
    bob = await visit()
    await open_people(ann)
    await add(ann, "  camp   fire ")
    await expect(ann.get_by_test_id("landmark-notice")).to_contain_text("camp fire")
    for page in (ann, bob):
        await expect(page.get_by_test_id("landmark")).to_have_text("camp fire")
        await expect(page.get_by_test_id("landmark")).to_have_attribute("data-x", "0")
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Shift+ArrowRight")
    await open_people(ann)
    await add(ann, "stage")
    await expect(bob.get_by_test_id("landmark")).to_have_text(["camp fire", "stage"])
    # Renamed by key, in place.
    await ann.get_by_test_id("landmark-rename").first.fill("bonfire")
    await ann.keyboard.press("Enter")
    await expect(bob.get_by_test_id("landmark")).to_have_text(["bonfire", "stage"])
    # Moved to where the view is now: both are at the same point, and the later name gives way.
    await ann.get_by_test_id("landmark-move").first.click()
    await expect(bob.get_by_test_id("landmark").first).to_have_attribute("data-x", "320")
    await expect(bob.get_by_test_id("landmark")).to_have_text(["bonfire", ""])
    await ann.get_by_role("button", name="Remove bonfire").click()
    await expect(bob.get_by_test_id("landmark")).to_have_text(["stage"])
    late = await visit()
    await expect(late.get_by_test_id("landmark")).to_have_text(["stage"])


async def test_w116_the_page_says_what_a_landmark_may_not_be_called(visit: Visit) -> None:
    ann = await own(visit)
    notice = ann.get_by_test_id("landmark-notice")
    await add(ann, " \u200b ")
    await expect(notice).to_contain_text("name first")
    await add(ann, "fire")
    await expect(ann.get_by_test_id("landmark-row")).to_have_count(1)
    await add(ann, "FIRE")
    await expect(notice).to_contain_text("already")
    await ann.get_by_test_id("landmark-name").fill("stage")
    await ann.keyboard.press("Enter")
    await expect(ann.get_by_test_id("landmark-row")).to_have_count(2)
    await ann.get_by_test_id("landmark-rename").last.fill("Fire")
    await ann.keyboard.press("Enter")
    await expect(notice).to_contain_text("already")
    await expect(ann.get_by_test_id("landmark-rename").last).to_have_value("stage")
    # Escape leaves the old name, and the panel open.
    await ann.get_by_test_id("landmark-rename").last.fill("theatre")
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_test_id("landmark-rename").last).to_have_value("stage")
    await add(ann, "x" * 60)
    await expect(ann.get_by_test_id("landmark-rename").last).to_have_value("x" * 40)
    for n in range(17):
        await add(ann, f"place {n}")
        await expect(ann.get_by_test_id("landmark-row")).to_have_count(4 + n)
    await expect(ann.get_by_test_id("landmark-name")).to_have_count(0)
    await expect(ann.get_by_test_id("landmark-editor")).to_contain_text("20 landmarks")


async def test_one_goes_to_a_landmark_from_the_name_of_the_channel(visit: Visit, join: Join) -> None:
    ann = await own(visit)
    await add(ann, "fire")
    await expect(ann.get_by_test_id("landmark-row")).to_have_count(1)
    token = await ann.evaluate("() => localStorage.getItem('asocial.token')")
    owner = await join(token=token)
    await owner.moderate("place_landmark", name="far away", position={"x": 4000, "y": -3000})
    bob = await visit(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    await bob.get_by_test_id("channels").tap()
    await bob.get_by_role("button", name="far away").tap()
    await expect(bob.get_by_test_id("channels-panel")).to_have_count(0)
    await camera_is_at(bob, 4000, -3000)
    # By key, on another machine.
    carl = await visit()
    await run_command(carl, "channels")
    await carl.get_by_test_id("go-to-landmark").last.focus()
    await carl.keyboard.press("Enter")
    await camera_is_at(carl, 4000, -3000)
    await expect(carl.locator(".caret[data-open]")).to_have_count(0)


async def test_landmarks_lie_behind_the_words_and_take_no_click(visit: Visit) -> None:
    ann = await own(visit)
    await add(ann, "fire")
    await expect(ann.get_by_test_id("landmark")).to_have_text("fire")
    await ann.keyboard.press("Escape")
    mark = await ann.get_by_test_id("landmark").locator("bdi").bounding_box()
    assert mark is not None
    await say(ann, mark["x"] + 4, mark["y"] + mark["height"] / 2, "words in front")
    await until_seen(ann, "words in front")
    above = await ann.evaluate(
        """() => {
          const order = (name) => Number(getComputedStyle(document.querySelector(name).closest('.anchor')).zIndex)
          return order('[data-testid=message] .words') > order('[data-testid=landmark]')
        }"""
    )
    assert above
    # Not read to screen readers from the plane: the panel lists them.
    await expect(ann.get_by_test_id("landmark")).to_have_attribute("aria-hidden", "true")


async def test_the_minimap_shows_landmarks(visit: Visit, join: Join) -> None:
    ann = await own(visit)
    await (await join()).cursor((3000, 0))  # somebody out of view brings the minimap
    await ann.keyboard.press("Escape")  # no map under a panel
    await expect(ann.get_by_test_id("minimap")).to_be_visible()
    count = """() => {
      const canvas = document.querySelector('[data-testid=minimap] canvas')
      const { width, height } = canvas
      const { data } = canvas.getContext('2d').getImageData(width / 2 - 6, 0, 12, height / 2 - 14)
      return data.filter((value, i) => i % 4 === 3 && value > 100).length
    }"""

    async def drawn() -> bool:
        return bool(await ann.evaluate(count))

    await ann.get_by_test_id("plane").focus()
    assert not await drawn()
    token = await ann.evaluate("() => localStorage.getItem('asocial.token')")
    owner = await join(token=token)
    await owner.moderate("place_landmark", name="north", position={"x": 0, "y": -1100})
    await eventually(drawn, "the landmark is on the minimap")


async def test_guests_are_not_offered_to_place_landmarks(visit: Visit) -> None:
    await own(visit)
    bob = await visit()
    await open_people(bob)
    await expect(bob.get_by_test_id("landmark-editor")).to_have_count(0)
    await bob.keyboard.press("Escape")
    await bob.get_by_test_id("channels").click()
    await expect(bob.get_by_test_id("channels-panel")).to_be_visible()
    await expect(bob.get_by_test_id("landmarks")).to_have_count(0)


async def test_the_landmark_editor_fits_a_small_phone(visit: Visit) -> None:
    ann = await own(visit)
    await ann.set_viewport_size({"width": 320, "height": 568})
    await add(ann, "a rather long name of a landmark, really")
    row = ann.get_by_test_id("landmark-row")
    await expect(row).to_have_count(1)
    for name in ("landmark-move", "landmark-remove", "landmark-add"):
        box = await ann.get_by_test_id(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    await expect(row.get_by_role("textbox", name=re.compile("Rename a rather"))).to_be_visible()
