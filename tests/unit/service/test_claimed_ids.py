"""Claimed user ids (W105 to W109) over the in-memory adapters, where a store is away or somebody else was quicker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from asocial.adapters.memory.claims import MemoryUserIdClaims
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.domain.errors import GoingAway, Refusal, Removed
from asocial.domain.identity import Principal
from asocial.domain.ids import may_be_claimed
from asocial.groups import ClaimedIdSettings
from asocial.ports import StoreUnavailable, UserIdClaim
from asocial.service.claimed_ids import CONNECTING_MS, ClaimedIds

from .fakes import turns
from .test_sessions import HOLD_MS, PRESENT_MS, Harness

ALICE = Principal("alice", generation="first")


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    made = Harness()
    yield made
    await made.close()


async def take_away(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> bool:
        raise StoreUnavailable

    for operation in ("find", "hold", "leave"):
        monkeypatch.setattr(harness.claims, operation, fail)


@pytest.mark.parametrize("uid", ["g-", "g-abc", "G-abc", "g_abc", "G_x", "AbCdEfGh12345678", "a" * 15 + "B"])
async def test_w105_what_looks_like_a_guests_id_cannot_be_claimed(harness: Harness, uid: str) -> None:
    with pytest.raises(Refusal) as refused:
        await harness.claimed_ids.claim(uid, keeps_token=False)
    assert refused.value.code == "uid_invalid"


@pytest.mark.parametrize("uid", ["alice", "g", "ga-b", "gamma", "a" * 16, "0123456789abcdef", "Ab" * 9, "-g-", "_"])
async def test_w105_other_ids_can(harness: Harness, uid: str) -> None:
    assert may_be_claimed(uid)
    assert (await harness.claimed_ids.claim(uid, keeps_token=False)).user_id == uid


async def test_w105_a_client_that_never_comes_holds_an_id_for_seconds_only(harness: Harness) -> None:
    await harness.claimed_ids.take(ALICE, "", returning=False)
    with pytest.raises(Refusal, match="taken"):
        await harness.claimed_ids.claim("alice", keeps_token=False)
    harness.now_ms += CONNECTING_MS
    assert (await harness.claimed_ids.claim("alice", keeps_token=False)).generation != "first"


async def test_w106_an_id_is_held_while_its_user_is_here_and_some_time_after(harness: Harness) -> None:
    session, _ = await harness.enter("alice", generation="first")
    await harness.claimed_ids.take(ALICE._replace(keeps_token=True), "", returning=True)
    tab, _ = await harness.enter("alice", "-tab", generation="first", keeps_token=True)
    for _ in range(5):
        harness.now_ms += PRESENT_MS - 1
        await harness.sessions.refresh()
    await harness.sessions.close(tab, left=True)
    harness.now_ms += PRESENT_MS - 1
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True, reserved=True), "another tab is here"
    await harness.sessions.close(session, left=True)
    harness.now_ms += HOLD_MS - 1
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True, reserved=True)
    harness.now_ms += 1
    assert await harness.claims.find("alice") == UserIdClaim("first", held=False, reserved=True)


@pytest.mark.parametrize("left", [True, False], ids=["with a close frame", "without one"])
async def test_w106_without_a_token_an_id_is_free_as_soon_as_its_connection_has_ended(
    harness: Harness, left: bool
) -> None:
    session, _ = await harness.enter("alice", generation="first")
    await harness.sessions.close(session, left=left)
    assert await harness.claims.find("alice") == UserIdClaim("first", held=False)
    assert (await harness.claimed_ids.claim("alice", keeps_token=False)).generation != "first"


async def test_w106_a_client_that_could_not_join_holds_no_id(harness: Harness) -> None:
    async def refuse(*_: object, **_options: object) -> None:
        raise StoreUnavailable

    await harness.claimed_ids.take(ALICE, "", returning=False)
    harness.presence.join = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreUnavailable):
        await harness.enter("alice", generation="first", keeps_token=True)  # it got no token
    assert await harness.claims.find("alice") == UserIdClaim("first", held=False)


async def test_w106_who_reloads_a_page_waits_until_the_old_connection_has_ended(harness: Harness) -> None:
    session, _ = await harness.enter("alice", generation="first")
    claiming = asyncio.create_task(harness.claimed_ids.claim("alice", keeps_token=False))
    await turns()
    assert not claiming.done()
    await harness.sessions.close(session, left=True)
    assert (await claiming).generation != "first"


async def test_w106_who_left_during_an_outage_has_left_after_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = await harness.enter("alice", generation="first")
    with monkeypatch.context() as outage:
        await take_away(harness, outage)
        await harness.sessions.close(session, left=True)
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True)
    await harness.sessions.refresh()
    assert await harness.claims.find("alice") == UserIdClaim("first", held=False)


async def test_w106_an_id_that_was_to_be_reserved_in_an_outage_is_reserved_after_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who was removed must not come back at once with another claim."""
    owner, _ = await harness.enter("owner")
    alice, _ = await harness.enter("alice", generation="first")
    await harness.rules_sync.change("garden", lambda rules: rules.with_owner("owner"))
    await harness.send(owner, type="moderate", action="remove", user_id="alice", seconds=3600)
    with monkeypatch.context() as outage:
        await take_away(harness, outage)
        await harness.sessions.close(alice, left=True)
    await harness.sessions.refresh()
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True, reserved=True)


async def test_w107_a_user_whose_claim_may_have_ended_and_whose_id_another_holds_is_closed(harness: Harness) -> None:
    _, alice = await harness.enter("alice", generation="first")
    _, bob = await harness.enter("bob", generation="first")
    harness.now_ms += PRESENT_MS  # for so long, this process could not renew them
    await harness.claims.hold("alice", "second", PRESENT_MS)
    await harness.sessions.refresh()
    assert isinstance(alice.closed_with, GoingAway)
    assert not bob.closed
    assert await harness.claims.find("bob") == UserIdClaim("first", held=True)


async def test_w106_a_claim_that_the_store_lost_is_brought_back_from_one_that_came_later(harness: Harness) -> None:
    _, alice = await harness.enter("alice", generation="first")
    await harness.claims.close()
    harness.now_ms += PRESENT_MS - 1
    stranger, second = await harness.enter("alice", "-second", generation="second")
    await harness.sessions.refresh()
    assert not alice.closed
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True)
    await harness.sessions.refresh()
    assert isinstance(second.closed_with, GoingAway)
    await harness.sessions.close(stranger, left=True)
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True)


async def test_nothing_is_kept_of_a_claim_whose_user_has_left(harness: Harness) -> None:
    session, _ = await harness.enter("alice", generation="first")
    await harness.sessions.refresh()
    refreshing = asyncio.ensure_future(harness.sessions.refresh_claims())
    await harness.sessions.close(session, left=True)
    await refreshing
    await harness.sessions.refresh_claims()
    assert harness.claimed_ids._present == {}


async def test_w107_after_an_outage_claims_are_renewed_before_anything_else(harness: Harness) -> None:
    await harness.enter("alice", generation="first")
    harness.outages.begin()
    await harness.claims.close()
    await harness.outages.end()
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True)


async def test_w107_a_client_that_lost_its_id_while_it_connected_comes_again(harness: Harness) -> None:
    await harness.claims.hold("alice", "second", PRESENT_MS)
    with pytest.raises(GoingAway):
        await harness.enter("alice", generation="first")
    assert len(harness.local) == 0


async def test_w109_while_the_store_is_away_a_new_claim_is_refused(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_away(harness, monkeypatch)
    with pytest.raises(Refusal) as refused:
        await harness.claimed_ids.claim("alice", keeps_token=False)
    assert refused.value.code == "unavailable"
    with pytest.raises(Refusal) as refused:
        await harness.claimed_ids.take(ALICE, "", returning=False)
    assert refused.value.code == "unavailable"


async def test_w109_while_the_store_is_away_a_token_counts_unless_another_claim_is_here(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_away(harness, monkeypatch)
    assert await harness.claimed_ids.is_current("alice", "first")
    await harness.claimed_ids.take(ALICE, "", returning=True)
    session, alice = await harness.enter("alice", generation="first")
    assert await harness.claimed_ids.is_current("alice", "first")
    assert not await harness.claimed_ids.is_current("alice", "second")
    await harness.sessions.refresh()
    assert not alice.closed
    await harness.sessions.close(session, left=True)


async def test_w108_claims_of_an_address_are_limited_and_returning_is_free(harness: Harness) -> None:
    claimed = ClaimedIds(
        MemoryUserIdClaims(harness.clock),
        MemoryRateLimiter(harness.clock),
        harness.local,
        ClaimedIdSettings(1, 1, per_day=2),
        harness.clock,
    )
    for generation in ("first", "first", "first"):
        await claimed.take(Principal("alice", generation=generation), "address", returning=True)
    for user_id in ("bob", "cat"):
        await claimed.take(Principal(user_id, generation="x"), "address", returning=False)
    with pytest.raises(Refusal) as refused:
        await claimed.take(Principal("dan", generation="x"), "address", returning=False)
    assert refused.value.code == "rate_limited"
    await claimed.take(Principal("dan", generation="x"), "another", returning=False)
    await claimed.leave(Principal("bob", generation="x"), reserve=False)
    await claimed.take(Principal("bob", generation="y"), "address", returning=False)  # as a page that is reloaded


async def test_w106_a_ban_is_for_the_user_not_for_the_next_one_with_the_id(harness: Harness) -> None:
    owner, _ = await harness.enter("owner")
    alice, connection = await harness.enter("alice", generation="first")
    channel = owner.participant.channel
    await harness.rules_sync.change("garden", lambda rules: rules.with_owner("owner"))
    await harness.send(owner, type="moderate", action="remove", user_id="alice", seconds=3600)
    assert isinstance(connection.closed_with, Removed)
    await harness.sessions.close(alice, left=True)
    assert await harness.claims.find("alice") == UserIdClaim("first", held=True, reserved=True), (
        "not to come back at once"
    )
    with pytest.raises(Removed):
        harness.moderation.access.check_not_removed(channel, ALICE)
    harness.moderation.access.check_not_removed(channel, Principal("alice", generation="second"))
    harness.moderation.access.check_not_removed(channel, Principal("alice"))


async def test_w106_a_claimed_id_is_nobody_that_rules_or_the_configuration_name(harness: Harness) -> None:
    session, _ = await harness.enter("alice", generation="first")
    await harness.rules_sync.change("garden", lambda rules: rules.with_owner("alice"))
    rules = session.participant.channel.rules
    assert rules is not None
    assert harness.moderation.access.is_owner("garden", Principal("alice"), rules)
    assert not harness.moderation.access.is_owner("garden", ALICE, rules)
