"""The thing itself: one clicks and types, the others read along, and it is gone for all at the same moment."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page

from .conftest import Visit
from .watch import seen, watch, world_point


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
        await person.wait_for_function("() => 'hello' in window.seen.gone", timeout=10_000)

    gone = [(await seen(person))["gone"]["hello"] for person in (ann, bob, cat)]
    assert max(gone) - min(gone) <= 100, f"gone at {gone}"
    assert 4_900 <= gone[1] - said_at <= 5_300
    late = (await seen(cat))["arrived"]["hello"] - said_at
    assert late >= 3_000
    # Whenever it came, it saw the message for exactly what was left of its life: about 2 s.
    assert gone[2] - (said_at + late) == pytest.approx(5_000 - late, abs=150)


async def _now(page: Page) -> float:
    now: float = await page.evaluate("() => performance.timeOrigin + performance.now()")
    return now
