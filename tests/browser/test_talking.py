"""The thing itself: one clicks and types, the others read along, and it is gone for all at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Join, Visit
from .watch import seen, until_seen, watch, world_point

LIFE_MS = 10_000
"""So long that who comes after 3 s is there in time on a busy machine, too."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"message_ttl_seconds": LIFE_MS / 1000}


async def test_hello_is_seen_forming_then_said_then_gone_for_everyone_at_once(visit: Visit) -> None:
    ann, bob = await visit("/c/garden"), await visit("/c/garden")
    await watch(ann)
    await watch(bob)

    await ann.mouse.click(400, 300)
    await ann.keyboard.type("hello", delay=120)
    await bob.wait_for_function("() => window.seen.drafts.at(-1) === 'hello'")
    drafts = (await seen(bob))["drafts"]
    assert drafts == [text for text in ("h", "he", "hel", "hell", "hello") if text in drafts]
    assert len(drafts) >= 4, "letter by letter"

    await ann.keyboard.press("Enter")
    await bob.wait_for_function("() => 'hello' in window.seen.arrived")
    assert await world_point(ann, "hello") == await world_point(bob, "hello")
    said_at = (await seen(bob))["arrived"]["hello"]

    # A third joins at t = 3 s. It has opened the page before, so that the moment is that of joining, not of loading.
    cat = await visit("/c/elsewhere")
    await asyncio.sleep(3 - (await _now(bob) - said_at) / 1000)
    await cat.goto(bob.url)
    await watch(cat)
    for person in (ann, bob, cat):
        await person.wait_for_function("() => 'hello' in window.seen.gone")

    seen_by = [await seen(person) for person in (ann, bob, cat)]
    slack_ms = 2 * sum(each["late"] for each in seen_by)
    gone = [each["gone"]["hello"] for each in seen_by]
    assert max(gone) - min(gone) <= 100 + slack_ms, f"gone at {gone}"
    assert LIFE_MS - 100 - slack_ms <= gone[1] - said_at <= LIFE_MS + 300 + slack_ms
    late = seen_by[2]["arrived"]["hello"] - said_at
    assert late >= 3_000
    # Whenever it came, it saw the message for exactly what was left of its life: at most 7 s.
    assert gone[2] - (said_at + late) == pytest.approx(LIFE_MS - late, abs=150 + slack_ms)


async def _now(page: Page) -> float:
    now: float = await page.evaluate("() => performance.timeOrigin + performance.now()")
    return now


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
