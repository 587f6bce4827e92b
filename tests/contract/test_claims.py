"""The UserIdClaims contract: one claim holds an id, on every process, for as long as it says (W105 to W107)."""

from __future__ import annotations

import asyncio

from asocial.ports import UserIdClaim
from tests.support.waiting import eventually_is

from .conftest import Adapters

LONG_MS = 600_000


async def test_an_id_that_nobody_claimed_is_unknown(adapters: Adapters) -> None:
    claims = await adapters.claims()
    assert await claims.find("alice") is None
    await claims.leave("bob", "first", LONG_MS)
    assert await claims.find("alice") is None


async def test_a_claim_holds_the_id_on_every_process(adapters: Adapters) -> None:
    here, there = await adapters.claims(), await adapters.claims()
    assert await here.hold("alice", "first", LONG_MS)
    assert not await there.hold("alice", "second", LONG_MS)
    assert await there.find("alice") == UserIdClaim("first", held=True)
    assert await there.hold("alice", "first", LONG_MS), "the same user through another process"
    assert await there.hold("Alice", "third", LONG_MS), "another id"


async def test_of_many_at_once_exactly_one_gets_the_id(adapters: Adapters) -> None:
    here, there = await adapters.claims(), await adapters.claims()
    answers = await asyncio.gather(*((here, there)[n % 2].hold("alice", f"claim-{n}", LONG_MS) for n in range(40)))
    assert sum(map(bool, answers)) == 1
    found = await here.find("alice")
    assert found == UserIdClaim(f"claim-{answers.index(max(answers))}", held=True)


async def test_a_claim_that_is_over_is_remembered_and_the_next_one_replaces_it(adapters: Adapters) -> None:
    here, there = await adapters.claims(), await adapters.claims()
    await here.hold("alice", "first", 1)
    await eventually_is(lambda: there.find("alice"), UserIdClaim("first", held=False))
    assert await there.hold("alice", "second", LONG_MS)
    assert await here.find("alice") == UserIdClaim("second", held=True)
    assert not await here.hold("alice", "first", LONG_MS)


async def test_a_longer_hold_is_not_made_shorter(adapters: Adapters) -> None:
    claims = await adapters.claims()
    await claims.hold("alice", "first", LONG_MS)
    await claims.hold("alice", "first", 1)
    await claims.leave("alice", "second", 1)
    await asyncio.sleep(0.005)
    assert await claims.find("alice") == UserIdClaim("first", held=True)


async def test_a_claim_that_the_store_lost_comes_back_if_it_is_the_older_one(adapters: Adapters) -> None:
    here, there = await adapters.claims(), await adapters.claims()
    begun_ms = await here.hold("alice", "first", LONG_MS, reserve=True)
    assert await there.hold("alice", "first", LONG_MS) == begun_ms
    assert not await there.hold("alice", "second", LONG_MS, begun_ms=begun_ms), "not older"
    await here.leave("alice", "first", 0)  # for the store, the same as if it had lost it
    await asyncio.sleep(0.005)
    later_ms = await there.hold("alice", "second", LONG_MS)
    assert later_ms > begun_ms > 0
    assert not await here.hold("alice", "first", LONG_MS), "a claim that may have ended"
    assert await here.hold("alice", "first", LONG_MS, begun_ms=begun_ms) == begun_ms
    assert await there.find("alice") == UserIdClaim("first", held=True), "a reservation is of one claim"
    assert not await there.hold("alice", "second", LONG_MS, begun_ms=later_ms)
    assert await there.hold("alice", "first", LONG_MS, begun_ms=later_ms) == begun_ms, "the earliest known counts"
    assert await there.hold("bob", "third", LONG_MS, begun_ms=begun_ms) == begun_ms, "lost, and nobody else came"


async def test_when_its_user_leaves_an_id_is_free_unless_the_claim_is_reserved(adapters: Adapters) -> None:
    here, there = await adapters.claims(), await adapters.claims()
    await here.hold("alice", "first", LONG_MS)
    await there.leave("alice", "first", LONG_MS)
    assert await here.find("alice") == UserIdClaim("first", held=False)
    assert await here.hold("alice", "second", LONG_MS)

    assert await there.hold("alice", "second", LONG_MS, reserve=True)
    assert await here.hold("alice", "second", LONG_MS), "this does not take the reservation back"
    await here.leave("alice", "second", LONG_MS)
    assert await there.find("alice") == UserIdClaim("second", held=True, reserved=True)
    assert not await here.hold("alice", "third", LONG_MS)
    await here.leave("alice", "second", 1)
    await eventually_is(lambda: there.find("alice"), UserIdClaim("second", held=False, reserved=True))
    assert await here.hold("alice", "third", LONG_MS)
    assert await there.find("alice") == UserIdClaim("third", held=True), "a reservation is of one claim"
