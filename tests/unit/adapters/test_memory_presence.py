"""Presence in memory after a pause of the process. The rest is in tests/contract."""

from __future__ import annotations

from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.profile import Profile

FOX = Profile("sly fox", "rust")
TTL_MS = 300_000


class Clock:
    now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


async def test_a_process_that_was_suspended_removes_only_those_who_had_left() -> None:
    clock = Clock()
    store = MemoryPresence(clock, TTL_MS)
    await store.join("garden", "c1", "ann", FOX, 1)
    await store.join("garden", "c2", "bob", FOX, 1)
    await store.abandon("garden", "c2", 8_000)
    clock.now_ms += 10 * TTL_MS
    assert [departed.user_id for departed in await store.sweep()] == ["bob"]
    assert [member.user_id for member in (await store.roster("garden", 9)).members] == ["ann"]


async def test_after_a_pause_a_connection_that_nobody_refreshes_goes_a_ttl_later() -> None:
    clock = Clock()
    store = MemoryPresence(clock, TTL_MS)
    for connection in ("c1", "c2"):
        await store.join("garden", connection, connection, FOX, 1)
    clock.now_ms += 10 * TTL_MS
    await store.sweep()
    await store.refresh("garden", ["c1"])
    for _ in range(10):
        clock.now_ms += TTL_MS // 10
        await store.refresh("garden", ["c1"])
        departed = await store.sweep()
    assert [gone.user_id for gone in departed] == ["c2"]
