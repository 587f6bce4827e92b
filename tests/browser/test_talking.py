"""The core: one person clicks and types, others read along, and the message is gone for all at the same moment."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.async_api import expect

from tests.support.api_keys import create
from tests.support.server import http_get

from .conftest import LIFE_S, Join, Server, Visit
from .watch import seen, type_letter_by_letter, until_seen, watch, world_point

LEFT_S = 6.0
"""The last part of the life of a message, which passes in real time."""


async def test_hello_is_seen_forming_then_said_then_gone_for_everyone_at_once(
    visit: Visit, join: Join, server: Server
) -> None:
    ann, bob, witness = await visit("/c/garden"), await visit("/c/garden"), await join()
    await watch(ann)
    await watch(bob)

    await ann.mouse.click(400, 300)
    await type_letter_by_letter(ann, "hello", bob)
    assert (await seen(bob))["drafts"] == ["h", "he", "hel", "hell", "hello"]

    await ann.keyboard.press("Enter")
    await bob.wait_for_function("() => 'hello' in window.seen.arrived")
    assert await world_point(ann, "hello") == await world_point(bob, "hello")
    said = await witness.receive("chat")
    assert said["expires_at"] - said["timestamp"] == LIFE_S * 1000

    # A third person joins later, and sees the message for the time that it has left.
    await server.pass_time(LIFE_S / 3, ann, bob)
    cat = await visit("/c/garden")
    await watch(cat)
    await until_seen(cat, "hello")
    people = (ann, bob, cat)

    asked = time.monotonic()
    await server.pass_time((said["expires_at"] - server.now_ms()) / 1000 - LEFT_S, *people)
    asked_ms = (time.monotonic() - asked) * 1000
    ends_at = time.time() * 1000 + said["expires_at"] - server.now_ms()
    for person in people:
        await person.wait_for_function("() => 'hello' in window.seen.gone")
    seen_by = [await seen(person) for person in people]
    # What the machine kept the pages from, and how well they can know the server's clock.
    slack_ms = 100 + asked_ms + 2 * sum(each["late"] for each in seen_by)
    gone = [each["gone"]["hello"] for each in seen_by]
    assert [at - ends_at for at in gone] == [pytest.approx(0, abs=slack_ms)] * 3


async def test_w13_words_under_an_id_of_ours_are_not_ours(visit: Visit, join: Join) -> None:
    ann = await visit()
    attacker = await join()
    await ann.mouse.click(300, 300)
    await ann.keyboard.type("what I said")
    await ann.keyboard.press("Enter")
    message_id = (await attacker.receive("chat"))["message_id"]
    await attacker.chat("what I never said", message_id=message_id, at=(50, 50))
    await until_seen(ann, "what I never said")
    await until_seen(ann, "what I said")
    theirs = ann.locator('[data-testid="message"]', has_text="what I never said")
    await expect(theirs).not_to_have_attribute("data-mine", "true")
    await expect(theirs.locator(".author")).to_have_count(1)


async def test_a_message_of_a_program_says_so(visit: Visit, server: Server) -> None:
    key, text = create("ci", "write", ["*"])
    await server.restart(api_keys=key.entry)
    ann = await visit("/c/garden")
    headers = {"Authorization": f"Bearer {text}"}
    body = json.dumps({"payload": "build 7 is green", "name": "Builds"})
    assert server.app is not None
    answer = await http_get(server.app.port, "/api/channels/garden/messages", headers, method="POST", body=body)
    assert answer.status == 201
    message = ann.get_by_test_id("message").filter(has_text="build 7 is green")
    await expect(message.locator(".author")).to_have_text("Builds · bot")
    await expect(message.get_by_role("article")).to_have_accessible_name(re.compile("Builds · bot"))
