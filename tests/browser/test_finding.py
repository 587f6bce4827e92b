"""Finding people: those outside the view show at its edge, one action away."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Visit
from .watch import at_rest, go_back, until_seen, world_under

FAR = 50_000


async def look_away(page: Page, dx: float, dy: float = 0) -> None:
    """Pan by that many pixels, in as many turns of the wheel as a wheel may have."""
    await page.evaluate(
        """([dx, dy]) => document.querySelector('[data-testid="plane"]').dispatchEvent(
          new WheelEvent('wheel', { deltaX: dx, deltaY: dy, bubbles: true, cancelable: true }))""",
        [dx, dy],
    )


async def words_in_view(page: Page, text: str) -> None:
    await page.wait_for_function(
        """(text) => [...document.querySelectorAll('.anchor .words')].some((words) => {
          const { left, top, right, bottom } = words.getBoundingClientRect()
          const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
          return words.textContent.includes(text) && inside
        })""",
        arg=text,
    )


async def middle(page: Page) -> tuple[float, float]:
    box = page.viewport_size
    assert box is not None
    return await world_under(page, box["width"] / 2, box["height"] / 2)


async def test_from_far_away_live_talk_is_one_press_of_a_chip_away(
    visit: Visit, join: Join, subtests: pytest.Subtests
) -> None:
    ann, bob = await join(), await visit()
    chip = bob.get_by_test_id("chip")
    motions: tuple[Literal["no-preference", "reduce"], ...] = ("no-preference", "reduce")
    for motion in motions:
        with subtests.test(motion):
            await bob.emulate_media(reduced_motion=motion)
            await go_back(bob)
            await look_away(bob, FAR)
            await ann.typing("over here", message_id=motion, at=(-100, -50))
            await expect(chip).to_have_count(1)
            await expect(chip).to_have_attribute("data-side", "left")
            await expect(chip).to_have_attribute("data-typing", "true")
            await expect(chip).to_contain_text("50 screens")
            await chip.click()
            # A draft that rests for ten seconds is no longer shown.
            await ann.typing("over here!", message_id=motion, at=(-100, -50))
            await words_in_view(bob, "over here!")
            await expect(chip).to_have_count(0)
        await ann.typing("", message_id=motion, at=(-100, -50))
        await expect(bob.get_by_test_id("draft")).to_have_count(0)


# Flights take their time on a busy machine.
@pytest.mark.parametrize("settings", [{"message_ttl_seconds": 60, "message_ttl_max_seconds": 60}])
async def test_one_key_goes_to_the_nearest_talk_and_one_goes_home(visit: Visit, join: Join) -> None:
    ann, bob, cat = await join(), await visit(), await join()
    await ann.chat("near", at=(3_900, -50))
    await cat.chat("far", at=(-FAR - 100, -50))
    await expect(bob.get_by_test_id("chip")).to_have_count(2)
    await bob.keyboard.press("End")
    await words_in_view(bob, "near")
    await bob.keyboard.press("End")
    await words_in_view(bob, "far")
    await bob.keyboard.press("Home")
    await views_alike(bob, 0, 0, 1)
    await expect(bob.get_by_test_id("chip")).to_have_count(2)
    assert await middle(bob) == pytest.approx((0, 0), abs=0.2)
    # In the middle of a line both keys are the line's.
    await bob.mouse.click(500, 350)
    await bob.keyboard.type("bc")
    await bob.keyboard.press("Home")
    await bob.keyboard.type("a")
    await expect(bob.get_by_test_id("caret")).to_have_value("abc")
    await expect(bob.get_by_test_id("chip")).to_have_count(2)


async def test_neighbours_outside_share_a_chip_and_a_chip_goes_with_its_person(visit: Visit, join: Join) -> None:
    bob = await visit()
    others = [await join(), await join()]
    await look_away(bob, 5000)
    for number, other in enumerate(others):
        await other.cursor((number * 40 - 190, -40))
    chip = bob.get_by_test_id("chip")
    await expect(chip).to_have_attribute("data-count", "2")
    await expect(chip).to_have_count(1)
    await others[0].close()
    await expect(chip).to_have_attribute("data-count", "1")
    await others[1].close()
    await expect(chip).to_have_count(0)


async def test_the_minimap_is_dragged_to_move_the_view_and_is_not_there_for_one_alone(visit: Visit, join: Join) -> None:
    bob = await visit()
    minimap = bob.get_by_test_id("minimap")
    await expect(minimap).to_have_count(0)
    ann = await join()
    await ann.cursor((0, 0))
    await ann.chat("hello", at=(0, 0))
    await until_seen(bob, "hello")
    await expect(minimap).to_be_hidden()
    await ann.cursor((2_000, 0))
    await ann.chat("over here", at=(2_000, 0))
    await expect(minimap).to_be_visible()
    box = await minimap.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await bob.mouse.move(x, y)
    await bob.mouse.down()
    await bob.mouse.move(x + 20, y, steps=4)
    await bob.mouse.up()
    at = await middle(bob)
    assert at[0] > 100
    assert abs(at[1]) < 60
    await expect(bob.locator(".caret[data-open]")).to_have_count(0)


async def test_the_minimap_draws_and_renders_nothing_as_people_move(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await ann.cursor((-290, -140))
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await ann.cursor((1_720, -130))
    await expect(bob.get_by_test_id("minimap")).to_be_visible()
    # The pointer glides there, and the chip is looked at only now and then: at first it says "near".
    await expect(bob.get_by_test_id("chip")).to_contain_text("2 screens")
    await at_rest(bob)
    await bob.evaluate(
        """() => {
          window.changes = []
          const page = document.getElementById('page')
          // Who is here, and who came, is said for some seconds.
          const isSaid = ({ target }) => (target.parentElement ?? target).closest('.company, [role=status]')
          const html = (node) => node.outerHTML ?? node.data
          const told = ({ target, addedNodes, removedNodes }) => ({
            in: html(target), added: [...addedNodes].map(html), removed: [...removedNodes].map(html),
          })
          new MutationObserver((list) => {
            window.changes.push(...list.filter((each) => !isSaid(each)).map(told))
          }).observe(page, { subtree: true, childList: true, characterData: true })
        }"""
    )
    pixels = "() => document.querySelector('[data-testid=\"minimap\"] canvas').toDataURL()"
    before = await bob.evaluate(pixels)
    for step in range(1, 21):
        await ann.cursor((1_720 + 9 * step, -130 + 4 * step))
    await bob.wait_for_function(f"(before) => ({pixels})() !== before", arg=before)
    assert await bob.evaluate("() => window.changes") == []


async def test_a_followed_pointer_stays_in_view_until_the_follower_moves_the_view(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.mouse.move(300, 300)
    await ann.mouse.move(310, 310)
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await bob.get_by_test_id("people").click()
    await bob.get_by_test_id("follow").click()
    await expect(bob.get_by_test_id("following")).to_contain_text("Following")
    # W32: the followed one sees who it is.
    await expect(ann.get_by_test_id("followers")).to_have_text(re.compile(r"^\w+ \w+ follows you$"))
    await look_away(ann, 3000, 900)
    await ann.mouse.move(600, 400, steps=5)
    await expect(bob.get_by_test_id("chip")).to_have_count(0)
    await bob.wait_for_function(
        """() => {
          const at = new DOMMatrix(document.querySelector('[data-testid="cursor"]').style.transform)
          return at.e > 200 && at.e < 800 && at.f > 140 && at.f < 560
        }"""
    )
    assert (await bob.get_by_test_id("following").count()) == 1
    await bob.mouse.move(500, 350)
    await bob.mouse.wheel(0, 40)
    await expect(bob.get_by_test_id("following")).to_have_count(0)

    for way_out in ("button", "Escape"):
        await bob.get_by_test_id("people").click()
        await bob.get_by_test_id("follow").click()
        if way_out == "button":
            await bob.get_by_test_id("stop-following").click()
        else:
            await bob.keyboard.press("Escape")
        await expect(bob.get_by_test_id("following")).to_have_count(0)


async def camera_of(page: Page) -> tuple[float, float, float]:
    """What the view's middle is, and its zoom, read off the one transform of the world."""
    found: list[float] = await page.evaluate(
        """() => {
          const { a, e, f } = new DOMMatrix(document.querySelector('[data-testid="world"]').style.transform)
          return [(innerWidth / 2 - e) / a, (innerHeight / 2 - f) / a, a]
        }"""
    )
    return found[0], found[1], found[2]


async def follow(page: Page) -> None:
    await page.get_by_test_id("people").click()
    await page.get_by_test_id("follow").click()
    await expect(page.get_by_test_id("following")).to_be_visible()


async def frames(page: Page, count: int) -> None:
    """Return once the page has drawn so many more frames."""
    await page.evaluate(
        """async (count) => {
          for (let n = 0; n < count; n += 1) await new Promise(requestAnimationFrame)
        }""",
        count,
    )


async def views_alike(page: Page, x: float, y: float, zoom: float) -> None:
    await page.wait_for_function(
        """([x, y, zoom]) => {
          const { a, e, f } = new DOMMatrix(document.querySelector('[data-testid="world"]').style.transform)
          return Math.abs((innerWidth / 2 - e) / a - x) < 1 && Math.abs((innerHeight / 2 - f) / a - y) < 1
            && Math.abs(a / zoom - 1) < 0.01
        }""",
        arg=[x, y, zoom],
    )


async def test_a_followed_persons_view_is_ones_own_also_without_a_pointer(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    # Never pointed, never wrote: nobody knows where she is but by what she sees.
    await look_away(ann, 7000, -300)
    await follow(bob)
    await views_alike(bob, *await camera_of(ann))
    await ann.keyboard.press("Control+=")
    await ann.keyboard.press("Control+=")
    await look_away(ann, 333, 222)
    x, y, zoom = await camera_of(ann)
    assert zoom > 1.5
    await views_alike(bob, x, y, zoom)
    # On a smaller screen all of it is seen.
    cat = await visit(viewport={"width": 500, "height": 700})
    await cat.get_by_test_id("people").click()
    await cat.get_by_test_id("follow").first.click()
    await views_alike(cat, x, y, zoom / 2)


async def test_two_who_follow_each_other_do_not_drift(visit: Visit) -> None:
    ann = await visit(viewport={"width": 1000, "height": 500})
    bob = await visit(viewport={"width": 500, "height": 1000})
    await follow(ann)
    await follow(bob)
    for page in (ann, bob):
        await frames(page, 60)
    assert (await camera_of(ann))[2] == pytest.approx((await camera_of(bob))[2], rel=1.1)
    assert (await camera_of(bob))[2] > 0.4


async def test_a_chip_says_who_in_their_colour_how_far_and_whether_they_write(visit: Visit, join: Join) -> None:
    ann, bob = await join(name="Ann", color="plum"), await visit()
    await look_away(bob, 0, 7_000)
    await ann.cursor((10, 0))
    chip = bob.get_by_test_id("chip")
    await expect(chip).to_have_text("Ann 10 screens")
    await expect(chip).to_have_attribute("data-side", "top")
    await expect(chip).not_to_have_attribute("data-typing", "true")
    await expect(chip.locator(".chip-names")).to_be_hidden()
    await chip.hover()
    await expect(chip.locator(".chip-names")).to_be_visible()
    color = await chip.locator(".chip-names bdi").evaluate("(element) => getComputedStyle(element).color")
    assert color == "rgb(169, 40, 150)", "plum on a light ground"
    await ann.typing("x", message_id="a-draft", at=(10, 0))
    await expect(chip).to_have_attribute("data-typing", "true")
    await expect(chip).to_have_accessible_name("Go to Ann, 10 screens away, writing")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
async def test_the_names_of_people_are_seen_whole_and_what_may_be_done_is_within_reach(
    visit: Visit, join: Join, touch: bool
) -> None:
    await join(name="Wilhelmina Featherstone")
    bob = await visit(**({"viewport": {"width": 375, "height": 667}, "has_touch": True} if touch else {}))
    await bob.get_by_test_id("people").click()
    person = bob.get_by_test_id("person")
    await expect(person).to_contain_text("Wilhelmina Featherstone")
    acts, name = person.get_by_test_id("person-acts"), person.locator(".truncate")
    assert await name.evaluate("(element) => element.scrollWidth <= element.clientWidth"), "cut off"
    if touch:
        await expect(acts).to_have_css("opacity", "1")
        above, below = await name.bounding_box(), await acts.bounding_box()
        assert above is not None
        assert below is not None
        assert above["y"] + above["height"] <= below["y"], "they have a line of their own"
        return
    await expect(acts).to_have_css("opacity", "0")
    await person.hover()
    await expect(acts).to_have_css("opacity", "1")
    await bob.mouse.move(300, 400)
    await expect(acts).to_have_css("opacity", "0")
    await bob.get_by_test_id("follow").focus()
    await expect(acts).to_have_css("opacity", "1")
