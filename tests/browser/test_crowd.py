"""Crowds stay readable: messages make room, gather when zoomed out, and only what is near is in the page."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Server, Visit
from .test_finding import look_away, words_in_view
from .watch import at_rest, until_seen


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"rate_limit_per_minute": 0}


async def speak(server: Server, said: list[tuple[float, float, str]], *, people: int = 1) -> None:
    """Others post all that, each at its point of the canvas. Returns when the server has taken the last."""
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(server.url("/api/chat?channel=garden")) for _ in range(people)]
        for number, (x, y, text) in enumerate(said):
            frame = {"type": "chat", "message_id": f"m{number}", "payload": text, "position": {"x": x, "y": y}}
            await sockets[number % people].send_str(json.dumps(frame))
        for socket in sockets:
            # The server reads what was sent before the close frame, and answers with its own.
            await socket.close()


async def shown(page: Page) -> int:
    return await page.get_by_test_id("message").count()


async def test_words_at_one_point_step_aside_with_a_leader_and_do_not_move_again(visit: Visit, server: Server) -> None:
    ann = await visit()
    await speak(server, [(0, 0, "the first of all"), (6, 4, "the second one"), (-14, 8, "and a third")], people=3)
    await until_seen(ann, "and a third")
    # The point of the second is under the text of the first: a line from there would run through it.
    await expect(ann.get_by_test_id("leader")).to_have_count(1)
    boxes = """() => [...document.querySelectorAll('[data-testid="message"] .words')].map((words) => {
      const { left, top, right, bottom } = words.getBoundingClientRect()
      return [left, top, right, bottom].map(Math.round)
    })"""
    await at_rest(ann)
    before: list[list[int]] = await ann.evaluate(boxes)
    for number, a in enumerate(before):
        for b in before[number + 1 :]:
            assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1]), "one covers the other"
    await speak(server, [(2, 2, "one more comes late")])
    await until_seen(ann, "one more comes late")
    await at_rest(ann)
    assert (await ann.evaluate(boxes))[:3] == before


async def test_only_what_is_near_is_in_the_page_and_the_rest_comes_with_the_view(visit: Visit, server: Server) -> None:
    ann = await visit()
    await speak(server, [(0, 0, "near"), *((5000 + 50 * n, 40 * n, f"far {n}") for n in range(30))])
    await until_seen(ann, "near")
    assert await shown(ann) == 1
    await look_away(ann, 5000)
    await until_seen(ann, "far 0")
    await expect(ann.get_by_test_id("message").filter(has_text="near")).to_have_count(0)


async def test_from_far_above_a_crowd_is_a_glow_with_its_number_and_a_press_comes_down(
    visit: Visit, server: Server
) -> None:
    ann = await visit()
    await ann.keyboard.down("Control")
    await ann.mouse.move(500, 350)
    for _ in range(40):
        await ann.mouse.wheel(0, 400)
    await ann.keyboard.up("Control")
    await speak(server, [(200 + 20 * (n % 6), 200 + 30 * (n // 6), f"word {n}") for n in range(24)])
    cluster = ann.get_by_test_id("cluster")
    await expect(cluster).to_have_attribute("data-count", "24")
    assert await shown(ann) == 0
    await cluster.click()
    await words_in_view(ann, "word 7")
    await expect(cluster).to_have_count(0)


async def test_many_pointers_are_one_canvas(visit: Visit, server: Server) -> None:
    ann = await visit()
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(server.url("/api/chat?channel=garden")) for _ in range(30)]
        for number, socket in enumerate(sockets):
            at = {"x": number * 10 - 150, "y": number * 8 - 120}
            await socket.send_str(json.dumps({"type": "cursor", "position": at}))
        await expect(ann.get_by_test_id("cursor-crowd")).to_have_count(1)
        await expect(ann.get_by_test_id("cursor")).to_have_count(0)
        for socket in sockets:
            await socket.close()
    await expect(ann.get_by_test_id("cursor-crowd")).to_have_count(0)


async def test_a_pointers_name_steps_aside_for_words_and_fades_where_there_is_no_room(
    visit: Visit, join: Join, server: Server
) -> None:
    ann, bob = await visit(), await join()
    await bob.cursor((100, 0))
    pointer = ann.get_by_test_id("cursor")
    await expect(pointer).to_have_attribute("data-side", "below")
    # The name is right of (600, 350) and a little lower: words are said there.
    await speak(server, [(108, 14, "these words are to be read")])
    await until_seen(ann, "these words are to be read")
    await expect(pointer).not_to_have_attribute("data-side", "below")
    apart = """() => {
      const name = document.querySelector('.cursor span').getBoundingClientRect()
      return [...document.querySelectorAll('p.words, .author')].every((words) => {
        const { left, top, right, bottom } = words.getBoundingClientRect()
        return name.right <= left || name.left >= right || name.bottom <= top || name.top >= bottom
      })
    }"""
    await ann.wait_for_function(apart)
    # In the middle of many words there is no room at all: only the dot is left.
    await speak(server, [(-190, 34 * n + 60, "words and words and words and words") for n in range(12)])
    await bob.cursor((0, 250))
    await expect(pointer).to_have_attribute("data-side", "none")
    await ann.wait_for_function("() => getComputedStyle(document.querySelector('.cursor span')).opacity === '0'")
    await bob.cursor((400, 250))
    await expect(pointer).to_have_attribute("data-side", "below")
