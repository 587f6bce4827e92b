"""Presence while the shared store is away, and what is told when it is back."""

from __future__ import annotations

from typing import Any

import pytest

from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.profile import Member, Profile
from asocial.ports import Departed, Joined, Roster, StoreUnavailable, Updated
from asocial.service.fallback import FallbackPresence

FOX = Profile("sly fox", "rust")
OWL = Profile("wise owl", "teal")


class Clock:
    now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


class Shared(MemoryPresence):
    """A shared store that can be away."""

    away = False

    def _ask(self) -> None:
        if self.away:
            raise StoreUnavailable("away")

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        self._ask()
        return await super().join(channel, connection_id, user_id, profile, now_ms)

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        self._ask()
        return await super().leave(channel, connection_id)

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        self._ask()
        await super().abandon(channel, connection_id, grace_ms)

    async def update(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        self._ask()
        return await super().update(channel, user_id, profile)

    async def roster(self, channel: str, limit: int) -> Roster:
        self._ask()
        return await super().roster(channel, limit)

    async def sweep(self) -> list[Departed]:
        self._ask()
        return await super().sweep()


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.local: set[str] = set()
        """Channels that exchange nothing with other processes."""
        self.store_away = False
        self.shared = Shared(self.clock, 300_000)
        self.presence = FallbackPresence(self.shared, MemoryPresence(self.clock, 300_000), self)

    def is_isolated(self, name: str) -> bool:
        return name in self.local

    async def users(self) -> list[str]:
        return [member.user_id for member in (await self.presence.roster("garden", 10)).members]


@pytest.fixture
def world() -> World:
    return World()


async def test_while_the_shared_store_answers_its_word_counts(world: World) -> None:
    await world.shared.join("garden", "far", "bob", OWL, 1)
    joined = await world.presence.join("garden", "c1", "bob", FOX, 2)
    assert (joined.first, joined.member.name) == (False, "wise owl")
    departed = await world.presence.leave("garden", "c1")
    assert departed is not None
    assert not departed.last


async def test_while_it_is_away_people_here_still_come_and_go_under_another_epoch(world: World) -> None:
    before = await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.shared.join("garden", "far", "bob", OWL, 2)
    world.shared.away = True
    joined = await world.presence.join("garden", "c2", "cat", OWL, 3)
    assert joined.first
    assert joined.stamp.epoch != before.stamp.epoch
    assert await world.users() == ["ann", "cat"]
    updated = await world.presence.update("garden", "cat", FOX)
    assert updated is not None
    assert updated.user_count == 2
    departed = await world.presence.leave("garden", "c2")
    assert departed is not None
    assert (departed.last, departed.user_count) == (True, 1)


async def test_w81_a_local_channel_shows_only_who_is_here_though_the_shared_store_answers(world: World) -> None:
    await world.shared.join("garden", "far", "bob", OWL, 1)
    world.local.add("garden")
    joined = await world.presence.join("garden", "c1", "ann", FOX, 1)
    assert (joined.first, joined.user_count) == (True, 1)
    assert await world.users() == ["ann"]
    assert await world.presence.members("garden", ["bob", "ann"]) == [joined.member]
    assert (await world.shared.roster("garden", 9)).user_count == 1, "nobody elsewhere is told of her"
    assert await world.presence.restore() == [], "nor is she registered"
    world.local.clear()
    ((channel, told),) = await world.presence.restore(["garden"])
    assert (channel, told.member.user_id) == ("garden", "ann")
    assert await world.users() == ["bob", "ann"]


async def test_w81_in_a_local_channel_people_see_each_other_change_and_leave(world: World) -> None:
    world.local.add("garden")
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.presence.join("garden", "c2", "bob", FOX, 1)
    assert await world.presence.update("garden", "bob", OWL) is not None
    assert world.presence.changed_profiles() == {("garden", "bob"): OWL}, "still to be told elsewhere"
    departed = await world.presence.leave("garden", "c2")
    assert departed is not None
    assert (departed.last, departed.user_count) == (True, 1)


async def test_w81_while_it_is_away_others_sweep(world: World) -> None:
    await world.shared.join("garden", "far", "bob", OWL, 1)
    await world.shared.abandon("garden", "far", 1000)
    world.store_away = True
    world.clock.now_ms += 1001
    assert await world.presence.sweep() == []
    world.store_away = False
    assert [departed.user_id for departed in await world.presence.sweep()] == ["bob"]


async def test_a_grace_runs_out_while_it_is_away(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.shared.away = True
    await world.presence.abandon("garden", "c1", 8_000)
    world.clock.now_ms += 8_000
    assert [departed.user_id for departed in await world.presence.sweep()] == ["ann"]
    assert await world.users() == []


async def test_when_it_comes_back_empty_everyone_here_is_registered_as_they_are(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.presence.join("garden", "c2", "ann", FOX, 2)
    world.shared.away = True
    await world.presence.join("garden", "c3", "bob", FOX, 3)
    await world.presence.join("garden", "c4", "gone", FOX, 4)
    await world.presence.update("garden", "bob", OWL)
    await world.presence.leave("garden", "c4")
    world.shared._channels.clear()
    world.shared.away = False

    told = await world.presence.restore()
    assert [(channel, joined.member.user_id) for channel, joined in told] == [("garden", "ann"), ("garden", "bob")]
    assert (await world.shared.roster("garden", 10)).members == [
        Member("ann", "sly fox", "rust", 1),
        Member("bob", "wise owl", "teal", 3),
    ]


async def test_who_left_the_map_while_it_was_away_is_not_on_it_again_when_it_is_back(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    hidden = Profile("sly fox", "rust", on_map=False)
    world.shared.away = True
    await world.presence.update("garden", "ann", hidden)
    world.shared._channels.clear()
    world.shared.away = False
    ((_, joined),) = await world.presence.restore()
    assert joined.member == Member("ann", "sly fox", "rust", 1, on_map=False)
    assert world.presence.changed_profiles() == {("garden", "ann"): hidden}


async def test_when_it_comes_back_as_it_was_nobody_is_told_again(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.shared.away = True
    world.shared.away = False
    assert await world.presence.restore() == []


async def test_a_restore_that_finds_it_away_again_says_so(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.shared.away = True
    with pytest.raises(StoreUnavailable):
        await world.presence.restore()


async def test_who_leaves_while_being_registered_again_is_not_left_as_a_ghost(world: World) -> None:
    class LeavesMeanwhile(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            await world.presence.leave(channel, connection_id)
            return await super().join(channel, connection_id, user_id, profile, now_ms)

    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.presence._shared = LeavesMeanwhile(world.clock, 300_000)
    await world.presence.restore()
    departed = await world.presence.sweep()
    assert [gone.user_id for gone in departed] == ["ann"]
    assert await world.users() == []


async def test_a_profile_changed_while_it_was_away_is_owed_until_it_was_said(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.presence.update("garden", "ann", FOX)
    assert world.presence.changed_profiles() == {}, "it has heard of this one"
    world.shared.away = True
    await world.presence.update("garden", "ann", OWL)
    world.shared.away = False
    await world.presence.restore()
    assert world.presence.changed_profiles() == {("garden", "ann"): OWL}
    await world.presence.update("garden", "ann", OWL)
    assert world.presence.changed_profiles() == {}
    assert (await world.shared.members("garden", ["ann"]))[0].name == "wise owl"


async def test_what_a_store_that_came_back_empty_forgot_of_a_profile_is_said_again(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.presence.update("garden", "ann", OWL)
    world.shared._channels.clear()
    await world.shared.join("garden", "elsewhere", "ann", FOX, 1)  # another process was quicker, and knew no better
    await world.presence.restore()
    assert world.presence.changed_profiles() == {("garden", "ann"): OWL}


async def test_a_store_that_kept_its_memory_is_believed(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.presence.update("garden", "ann", OWL)
    await world.shared.update("garden", "ann", FOX)  # through another process, unheard here
    await world.presence.restore()
    assert world.presence.changed_profiles() == {}


async def test_a_profile_changed_elsewhere_is_remembered_for_a_store_that_forgets(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.presence.apply_profile("garden", "ann", OWL)
    world.shared._channels.clear()
    (_, joined), *_ = await world.presence.restore()
    assert joined.member.name == "wise owl"


async def test_a_profile_changed_while_its_user_is_being_registered_again_is_owed(world: World) -> None:
    class Slow(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            await world.presence.update(channel, user_id, OWL)
            return await super().join(channel, connection_id, user_id, profile, now_ms)

    await world.presence.join("garden", "c1", "ann", FOX, 1)
    world.presence._shared = Slow(world.clock, 300_000)
    await world.presence.restore()
    assert world.presence.changed_profiles() == {("garden", "ann"): OWL}


async def test_a_profile_changed_while_it_was_away_is_owed_even_if_the_connection_has_gone_since(world: World) -> None:
    await world.presence.join("garden", "c1", "ann", FOX, 1)
    await world.shared.join("garden", "elsewhere", "ann", FOX, 1)
    world.shared.away = True
    await world.presence.update("garden", "ann", OWL)
    await world.presence.leave("garden", "c1")
    world.shared.away = False
    await world.presence.restore()
    assert world.presence.changed_profiles() == {("garden", "ann"): OWL}
    world.shared.away = True
    await world.presence.update("garden", "ann", OWL)
    assert world.presence.changed_profiles() == {("garden", "ann"): OWL}
    world.shared.away = False
    await world.presence.update("garden", "ann", OWL)
    assert world.presence.changed_profiles() == {}


async def test_a_changed_profile_costs_no_look_at_everybody(world: World) -> None:
    """The user's own connections are looked at, in this channel, and nobody else's."""
    for number in range(50):
        await world.presence.join("garden", f"other {number}", f"user {number}", FOX, 1)
    for connection_id in ("c1", "c2"):
        await world.presence.join("garden", connection_id, "ann", FOX, 1)
    await world.presence.join("park", "c3", "ann", FOX, 1)
    looked: list[object] = []

    class Watched(dict[tuple[str, str], object]):
        def __iter__(self) -> Any:
            raise AssertionError("all connections are walked through")

        items = values = keys = __iter__

        def __getitem__(self, key: tuple[str, str]) -> Any:
            looked.append(key)
            return super().__getitem__(key)

    world.presence._connections = Watched(world.presence._connections)  # type: ignore[assignment]
    await world.presence.update("garden", "ann", OWL)
    world.presence.apply_profile("garden", "ann", OWL)
    assert set(looked) == {("garden", "c1"), ("garden", "c2")}
    for connection_id in ("c1", "c2"):
        await world.presence.leave("garden", connection_id)
    assert world.presence._by_user["ann"] == (("park", "c3"),)
    await world.presence.leave("park", "c3")
    assert "ann" not in world.presence._by_user, "and nothing is left of a user who is gone"
