"""W160 to W168: in a crowd the page gets what it shows, and knows of the rest where people and messages are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, WebSocket, expect

from tests.support.client import Client
from tests.support.waiting import eventually

from .conftest import Join, Server, Visit
from .test_finding import look_away, middle, views_alike, words_in_view
from .watch import messages, until_seen

THRESHOLD = 6
FAR = 30_000
CELL = 1_024


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"rate_limit_per_minute": 0, "crowd_threshold": THRESHOLD}


async def fill(join: Join, people: int) -> list[Client]:
    """So many people around (FAR, 0), who point there."""
    made = [await join(view=(FAR, 0, 1000, 700)) for _ in range(people)]
    for number, each in enumerate(made):
        await each.look((FAR, 0))
        await each.cursor((FAR + 10 * number, 5))
    return made


def chip(page: Page, *, count: int) -> Any:
    return page.locator(f'[data-testid="chip"][data-count="{count}"]')


async def test_w163_a_view_that_moves_to_a_far_place_shows_what_lives_there(
    visit: Visit, server: Server, join: Join
) -> None:
    bob, *_ = await fill(join, THRESHOLD)
    ann = await visit()
    await bob.chat("we talk here", at=(FAR, 0))
    await bob.chat("far from you")
    await until_seen(ann, "far from you")
    assert await messages(ann) == ["far from you"]
    await server.pass_time(60, ann)
    await look_away(ann, FAR)
    await words_in_view(ann, "we talk here")
    # There and back: each message is here once.
    await look_away(ann, -FAR)
    await words_in_view(ann, "far from you")
    await look_away(ann, FAR)
    await words_in_view(ann, "we talk here")
    assert await messages(ann) == ["we talk here"]
    await server.pass_time(61, ann)
    await expect(ann.get_by_test_id("message")).to_have_count(0)


async def test_w166_markers_the_minimap_and_the_nearest_conversation_know_far_places(visit: Visit, join: Join) -> None:
    bob, *_ = await fill(join, THRESHOLD)
    ann = await visit()
    there = chip(ann, count=THRESHOLD)
    await expect(there).to_have_attribute("data-side", "right")
    await expect(there).to_contain_text(f"{THRESHOLD} people")
    await expect(ann.get_by_test_id("minimap")).not_to_have_attribute("data-idle", "")
    await bob.chat("come here", at=(FAR + 200, 300))
    await bob.cursor((FAR + 3, 3))
    # Somewhere else more people are, but nobody talks.
    await expect(ann.locator('[data-testid="plane"]')).to_be_visible()
    await ann.keyboard.press("End")
    await words_in_view(ann, "come here")
    await expect(there).to_have_count(0)
    # The people there are people now.
    await bob.cursor((FAR + 100, 100))
    await expect(ann.get_by_test_id("cursor").first).to_be_attached()


async def test_w165_somebody_far_away_is_followed(visit: Visit, join: Join) -> None:
    bob = await join(name="Bob", view=(FAR, 0, 1000, 700))
    await fill(join, THRESHOLD)
    ann = await visit()
    await ann.get_by_test_id("people").click()
    person = ann.get_by_test_id("person").filter(has_text="Bob")
    await person.hover()
    await person.get_by_test_id("follow").click()
    await bob.receive("followed")
    await bob.look((-FAR, 700), (1000, 700))
    await views_alike(ann, -FAR, 700, 1)
    await bob.chat("here I am", at=(-FAR, 700))
    await words_in_view(ann, "here I am")
    await bob.look((FAR, 700), (2000, 1400))
    await views_alike(ann, FAR, 700, 0.5)


async def test_w160_a_crowd_begins_and_ends_and_the_page_looks_the_same(visit: Visit, join: Join) -> None:
    ann = await visit()
    first = await fill(join, THRESHOLD - 2)
    await expect(chip(ann, count=len(first))).to_be_visible()
    await first[0].chat("far away", at=(FAR, 0))
    await first[0].chat("near", at=(0, 0))
    await until_seen(ann, "near")
    # Records each moment without a marker, or without the message.
    await ann.evaluate(
        """() => {
          window.missing = []
          const look = () => {
            if (!document.querySelector('[data-testid="chip"]')) window.missing.push('marker')
            if (!document.querySelector('[data-testid="message"]')) window.missing.push('message')
          }
          new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
        }"""
    )
    last = await fill(join, 1)
    for person in first:  # as pages do
        await person.receive("crowd")
        await person.look((FAR, 0))
    everybody = chip(ann, count=THRESHOLD - 1)
    await expect(everybody).to_contain_text("people")
    await last[0].close()
    await first[-1].close()
    await first[0].receive("crowd", where=lambda frame: not frame["on"])
    for person in first[:-1]:
        await person.cursor((FAR, 20))  # as pages do after a crowd
    await expect(chip(ann, count=len(first) - 1)).not_to_contain_text("people")
    assert await ann.evaluate("() => window.missing") == []
    await look_away(ann, FAR)
    await words_in_view(ann, "far away")
    assert await messages(ann) == ["far away"]


async def test_w162_a_page_says_what_it_shows_when_it_connects_again(visit: Visit, join: Join) -> None:
    bob, *_ = await fill(join, THRESHOLD)
    ann = await visit()
    asked: list[dict[str, list[str]]] = []

    def on_socket(socket: WebSocket) -> None:
        asked.append(parse_qs(urlsplit(socket.url).query))

    ann.on("websocket", on_socket)
    await ann.goto(ann.url + f"#{FAR},40,0.5")
    await ann.reload()
    await eventually(lambda: bool(asked), "the page connects")
    # The first time it does not know that the channel is a crowd, and the server does not see the spot of a link.
    assert not asked[0].keys() & set("xywh")
    connection = ann.get_by_test_id("connection")
    await expect(connection).to_have_attribute("data-state", "live")
    await look_away(ann, 500)
    x, y = await middle(ann)
    await ann.context.set_offline(True)
    await expect(connection).not_to_have_attribute("data-state", "live")
    await bob.chat("meanwhile", at=(FAR, 0))
    await ann.context.set_offline(False)
    await words_in_view(ann, "meanwhile")
    assert [float(asked[-1][name][0]) for name in "xywh"] == pytest.approx([x, y, 2000, 1400], abs=1)
    await bob.chat("and now", at=(FAR, 200))
    await words_in_view(ann, "and now")


async def test_w164_from_far_above_a_crowd_glows_where_people_are(visit: Visit, join: Join) -> None:
    bob, *_ = await fill(join, THRESHOLD)
    await bob.chat("too far to be sent", at=(FAR, 0))
    ann = await visit(viewport={"width": 2400, "height": 700})
    await look_away(ann, FAR - 9 * CELL)
    await ann.mouse.move(1200, 350)
    await ann.keyboard.down("Control")
    for _ in range(40):
        await ann.mouse.wheel(0, 400)
    await ann.keyboard.up("Control")
    await expect(ann.get_by_test_id("crowd-glow").first).to_be_attached()
    patch = ann.get_by_test_id("crowd-messages")
    await expect(patch).to_have_attribute("data-count", "1")
    await patch.click()
    await words_in_view(ann, "too far to be sent")
    await expect(patch).to_have_count(0)
