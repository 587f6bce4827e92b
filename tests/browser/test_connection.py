"""An honest connection: what is lost is said, what was typed is kept, what returns is whole."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from .conftest import Server, Visit
from .watch import messages, say, seen, until_seen, watch

CONNECTION = '[data-testid="connection"]'


async def test_a_draft_survives_a_restart_of_the_server_and_so_does_who_one_is(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("before")
    await expect(bob.get_by_test_id("draft")).to_contain_text("before")
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await ann.keyboard.type(" and after")
    await server.start()
    for person in (ann, bob):
        await expect(person.locator(CONNECTION)).to_have_attribute("data-state", "live", timeout=15_000)
        await expect(person.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    await expect(bob.get_by_test_id("draft")).to_contain_text("before and after")
    await ann.keyboard.press("Enter")
    await until_seen(bob, "before and after")


async def test_what_is_said_without_a_connection_is_pending_and_arrives_once(visit: Visit, server: Server) -> None:
    ann, bob = await visit(), await visit()
    await watch(bob)
    await server.stop()
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live")
    await say(ann, 300, 300, "into the dark")
    await expect(ann.locator('[data-testid="message"]')).to_have_attribute("data-state", "pending")
    await server.start()
    await until_seen(bob, "into the dark", 15_000)
    assert await messages(bob) == ["into the dark"]
    assert list((await seen(bob))["arrived"]) == ["into the dark"]


async def test_the_wait_is_counted_and_can_be_cut_short(visit: Visit, server: Server) -> None:
    ann = await visit()
    await server.stop()
    # After a few attempts the wait is long enough to see it cut short.
    await expect(ann.locator(CONNECTION)).to_contain_text(re.compile(r"Reconnecting in [4-9] s"), timeout=30_000)
    await server.start()
    await ann.get_by_test_id("now").click()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live", timeout=3_000)


async def test_the_network_going_and_coming_back_is_seen_at_once(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    await ann.context.set_offline(True)
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-state", "live", timeout=15_000)
    await ann.context.set_offline(False)
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-state", "live", timeout=15_000)
    await say(bob, 300, 300, "welcome back")
    await until_seen(ann, "welcome back")


async def test_w29_people_out_of_reach_are_told_of_and_then_no_more(visit: Visit, server: Server) -> None:
    ann = await visit()
    assert server.app is not None
    server.app.sessions.degrade()
    await expect(ann.locator(CONNECTION)).to_have_attribute("data-degraded", "true")
    await expect(ann.locator(CONNECTION)).to_contain_text("out of reach")
    await server.app.sessions.restore([])
    await expect(ann.locator(CONNECTION)).not_to_have_attribute("data-degraded", "true")


@pytest.mark.parametrize("settings", [{"rate_limit_per_minute": 2}])
async def test_a_refused_message_says_why_and_keeps_its_text(visit: Visit) -> None:
    ann, bob = await visit(), await visit()
    for text in ("one", "two", "three too many"):
        await say(ann, 300, 300, text)
    refused = ann.locator('[data-testid="message"][data-state="refused"]')
    await expect(refused).to_contain_text("three too many")
    await expect(refused).to_contain_text("Too fast")
    await expect(refused.get_by_test_id("send-again")).to_have_text(re.compile(r"Send in \d+ s"))
    await until_seen(bob, "two")
    assert "three too many" not in await messages(bob)
    # It outlives the others: the text is its author's to keep or let go.
    await expect(ann.locator('[data-testid="message"][data-state="sent"]')).to_have_count(0, timeout=8000)
    await expect(refused).to_have_count(1)
    await refused.get_by_test_id("let-go").click()
    await expect(refused).to_have_count(0)
