"""The endless plane: it moves and zooms under mouse, trackpad, fingers and keys; the page itself never does."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Visit
from .watch import case, go_back, world_under

STILL = "() => [scrollX, scrollY, visualViewport.scale, document.documentElement.scrollLeft]"


async def zoom_of(page: Page) -> float:
    zoom: float = await page.evaluate(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('[data-testid=\"world\"]')).transform).a"
    )
    return zoom


async def test_the_wheel_pans_and_the_page_does_not_scroll(visit: Visit) -> None:
    ann = await visit()
    assert await world_under(ann, 500, 350) == (0, 0)
    await ann.mouse.wheel(120, 260)
    assert await world_under(ann, 500, 350) == (120, 260)
    assert await ann.evaluate(STILL) == [0, 0, 1, 0]


async def test_dragging_pans_and_opens_no_caret(visit: Visit) -> None:
    ann = await visit()
    await ann.mouse.move(500, 350)
    await ann.mouse.down()
    await ann.mouse.move(450, 300, steps=5)
    await ann.mouse.move(400, 250, steps=5)
    await ann.mouse.up()
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    assert await world_under(ann, 500, 350) == (100, 100)


async def test_ctrl_and_wheel_zoom_around_the_pointer_between_a_tenth_and_four(
    visit: Visit, subtests: pytest.Subtests
) -> None:
    ann = await visit()
    for name, direction in (("in", -1), ("out", 1)):
        async with case(subtests, name, ann):
            await go_back(ann)
            before = await world_under(ann, 300, 200)
            await ann.keyboard.down("Control")
            await ann.mouse.move(300, 200)
            await ann.mouse.wheel(0, 40 * direction)
            await ann.keyboard.up("Control")
            zoom = await zoom_of(ann)
            assert zoom > 1.2 if direction < 0 else zoom < 0.8
            after = await world_under(ann, 300, 200)
            assert after == pytest.approx(before, abs=0.2)

            await ann.keyboard.down("Control")
            for _ in range(40):
                await ann.mouse.wheel(0, 400 * direction)
            await ann.keyboard.up("Control")
            assert await zoom_of(ann) == pytest.approx(4 if direction < 0 else 0.1)
            assert await ann.evaluate(STILL) == [0, 0, 1, 0]


async def test_two_fingers_pinch_around_their_middle_and_one_pans(visit: Visit) -> None:
    ann = await visit(viewport={"width": 400, "height": 700}, has_touch=True, is_mobile=True)
    cdp = await ann.context.new_cdp_session(ann)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        await cdp.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
        )

    await touch("touchStart", (150, 300), (250, 300))
    for spread in range(5, 55, 5):
        await touch("touchMove", (150 - spread, 300), (250 + spread, 300))
    await touch("touchEnd")
    assert await zoom_of(ann) == pytest.approx(2, rel=0.1)

    transform = "() => document.querySelector('[data-testid=\"world\"]').style.transform"
    before = await ann.evaluate(transform)
    await touch("touchStart", (200, 300))
    for moved in range(10, 90, 10):
        await touch("touchMove", (200, 300 + moved))
    await touch("touchEnd")
    assert await ann.evaluate(transform) != before
    await expect(ann.locator(".caret[data-open]")).to_have_count(0)
    assert await ann.evaluate(STILL) == [0, 0, 1, 0]


async def test_keys_pan_and_zoom(visit: Visit) -> None:
    ann = await visit()
    await ann.keyboard.press("ArrowRight")
    await ann.keyboard.press("ArrowDown")
    x, y = await world_under(ann, 500, 350)
    assert x > 0
    assert y > 0
    await ann.locator('[data-testid="plane"]').focus()
    await ann.keyboard.press("Control+=")
    assert await zoom_of(ann) > 1
    await ann.keyboard.press("Control+0")
    assert await zoom_of(ann) == 1
    assert await ann.evaluate(STILL) == [0, 0, 1, 0]


async def test_words_stay_readable_at_every_zoom_and_hang_at_their_point(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await bob.keyboard.down("Control")
    await bob.mouse.move(500, 350)
    for _ in range(40):
        await bob.mouse.wheel(0, 400)
    await bob.keyboard.up("Control")
    await ann.typing("far away", message_id="a-draft", at=(0, 0))
    words = bob.locator('[data-testid="draft"] .words')
    await words.wait_for()
    box = await words.bounding_box()
    assert box is not None
    assert box["height"] > 12, "readable at a tenth"
    # At the plane's middle, which is the middle of both windows; the rest is the text's own size.
    assert abs(box["x"] - 500) < 40
    assert abs(box["y"] - 350) < 40
