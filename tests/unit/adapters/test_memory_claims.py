"""Claims of user ids in memory: how many are kept, and for how long."""

from __future__ import annotations

import pytest

from asocial.adapters.memory.claims import SPARE_ENDS, MemoryUserIdClaims
from asocial.ports import REMEMBER_MS, StoreUnavailable, UserIdClaim


async def test_w107_a_claim_is_forgotten_a_day_after_it_was_held() -> None:
    now = [0]
    claims = MemoryUserIdClaims(lambda: now[0])
    await claims.hold("alice", "first", 1000)
    now[0] = REMEMBER_MS + 999
    assert await claims.find("alice") == UserIdClaim("first", held=False)
    now[0] += 1
    assert await claims.find("alice") is None
    await claims.hold("bob", "second", 1000)
    assert list(claims._claims) == ["bob"]


async def test_w108_memory_is_bounded_and_held_ids_stay() -> None:
    now = [0]
    claims = MemoryUserIdClaims(lambda: now[0], max_claims=3)
    await claims.hold("alice", "a", 1000)
    await claims.hold("bob", "b", 10)
    await claims.hold("cat", "c", 20, reserve=True)
    await claims.leave("cat", "c", 2000)
    now[0] = 30
    assert await claims.hold("dan", "d", 1000)
    assert await claims.find("bob") is None, "it was not held"
    with pytest.raises(StoreUnavailable):
        await claims.hold("eve", "e", 1000)
    assert await claims.hold("alice", "a", 5000), "one that is there needs no room"
    await claims.leave("dan", "d", 0)
    assert await claims.hold("eve", "e", 1000)
    assert sorted(claims._claims) == ["alice", "cat", "eve"]


async def test_w108_a_page_that_is_reloaded_without_end_takes_no_more_memory() -> None:
    now = [0]
    claims = MemoryUserIdClaims(lambda: now[0])
    for reload in range(3 * SPARE_ENDS):
        now[0] += 1
        assert await claims.hold("alice", str(reload), 1000)
        await claims.leave("alice", str(reload), 0)
    assert len(claims._ends) <= SPARE_ENDS + 2
    now[0] += REMEMBER_MS
    await claims.hold("bob", "b", 1)
    assert list(claims._claims) == ["bob"]
