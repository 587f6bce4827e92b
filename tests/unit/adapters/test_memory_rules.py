"""Channels' rules in memory: the cost of one does not grow with their number, and the number is limited (W82)."""

from __future__ import annotations

import pytest

from asocial.adapters.memory.rules import MemoryChannelRules
from asocial.domain.rules import NO_RULES
from asocial.ports import StoreUnavailable

ANNS = NO_RULES.with_owner("ann")


class Counting(dict[str, object]):
    """Counts how often anybody goes through all of it."""

    walks = 0

    def items(self):  # type: ignore[no-untyped-def]
        self.walks += 1
        return super().items()

    def __iter__(self):  # type: ignore[no-untyped-def]
        self.walks += 1
        return super().__iter__()


class Clock:
    now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


async def test_w82_a_claim_does_not_go_through_the_others() -> None:
    store = MemoryChannelRules(Clock())
    counting = store._rules = Counting()  # type: ignore[assignment]
    for number in range(100):
        await store.swap(f"channel-{number}", ANNS, 1000)
    assert counting.walks == 0


async def test_expired_entries_are_dropped_and_live_ones_stay() -> None:
    clock = Clock()
    store = MemoryChannelRules(clock)
    for number in range(100):
        await store.swap(f"channel-{number}", ANNS, 1000)
    await store.refresh("channel-7", 5000)
    clock.now_ms = 2000
    await store.swap("late", ANNS, 1000)
    assert sorted(store._rules) == ["channel-7", "late"]
    assert len(store._ends) == 2, "one entry for each channel"
    for _ in range(50):
        await store.refresh("channel-7", 5000)
    assert len(store._ends) == 2, "however often it is used"
    assert await store.load("channel-7") == ANNS
    clock.now_ms = 10_000
    await store.swap("later", ANNS, 1000)
    assert sorted(store._rules) == ["later"]


async def test_w82_the_number_of_entries_is_limited() -> None:
    clock = Clock()
    store = MemoryChannelRules(clock, max_channels=3)
    for number in range(3):
        await store.swap(f"channel-{number}", ANNS, 1000)
    with pytest.raises(StoreUnavailable):
        await store.swap("one too many", ANNS, 1000)
    assert await store.swap("channel-0", ANNS.with_slow_ms(5), 1000) == ANNS.with_slow_ms(5), (
        "those that are there can change"
    )
    clock.now_ms = 1001
    assert await store.swap("one too many", ANNS, 1000) == ANNS
