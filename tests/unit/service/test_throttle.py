"""ThrottledLatest: the latest value always arrives, at a limited rate (W26)."""

from __future__ import annotations

import asyncio

from asocial.service.throttle import ThrottledLatest


async def test_w26_up_to_the_rate_everything_passes_and_above_it_the_latest_waits() -> None:
    sent: list[int] = []
    latest: ThrottledLatest[int] = ThrottledLatest(20, asyncio.get_running_loop(), sent.append)
    for value in range(100):
        latest.offer(value)
    assert sent == list(range(20))
    assert latest.waiting == 99
    await asyncio.sleep(0.15)
    assert sent == [*range(20), 99]
    assert latest.waiting is None


async def test_w26_a_dropped_value_never_arrives() -> None:
    sent: list[int] = []
    latest: ThrottledLatest[int] = ThrottledLatest(20, asyncio.get_running_loop(), sent.append)
    for value in range(21):
        latest.offer(value)
    latest.drop()
    await asyncio.sleep(0.1)
    assert sent == list(range(20))
    latest.offer(7)
    assert sent[-1] == 7
