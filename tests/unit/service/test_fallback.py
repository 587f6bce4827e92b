"""Presence during an outage of the shared store, and the announcements after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.profile import Member, Profile
from asocial.ports import Departed, Joined, Roster, StoreUnavailable, Updated
from asocial.service.fallback import FallbackPresence

FOX = Profile("sly fox", "rust")
OWL = Profile("wise owl", "teal", changed_at=5)
ELK = Profile("calm elk", "plum", changed_at=6)


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

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        self._ask()
        return await super().update(channel, user_id, profile, unless_later=unless_later)

    async def roster(self, channel: str, limit: int) -> Roster:
        self._ask()
        return await super().roster(channel, limit)

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        self._ask()
        return await super().members(channel, user_ids)

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> list[str]:
        self._ask()
        return await super().refresh(channel, connection_ids)

    async def sweep(self) -> list[Departed]:
        self._ask()
        return await super().sweep()


class Harness:
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
def harness() -> Harness:
    return Harness()


async def send_changed(harness: Harness) -> list[Profile]:
    """What Outages does after `restore`. Returns the profiles that hold from now on."""
    changed = harness.presence.changed_profiles().items()
    return [
        profile
        for (channel, user_id), profile in changed
        if await harness.presence.update(channel, user_id, profile, unless_later=True) is not None
    ]


async def test_the_shared_store_decides_while_it_answers(harness: Harness) -> None:
    await harness.shared.join("garden", "far", "bob", OWL, 1)
    joined = await harness.presence.join("garden", "c1", "bob", FOX, 2)
    assert (joined.first, joined.member.name) == (False, "wise owl")
    departed = await harness.presence.leave("garden", "c1")
    assert departed is not None
    assert not departed.last


async def test_in_an_outage_local_users_join_and_leave_under_another_epoch(harness: Harness) -> None:
    before = await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.shared.join("garden", "far", "bob", OWL, 2)
    harness.shared.away = True
    joined = await harness.presence.join("garden", "c2", "cat", OWL, 3)
    assert joined.first
    assert joined.stamp.epoch != before.stamp.epoch
    assert await harness.users() == ["ann", "cat"]
    updated = await harness.presence.update("garden", "cat", FOX)
    assert updated is not None
    assert updated.user_count == 2
    departed = await harness.presence.leave("garden", "c2")
    assert departed is not None
    assert (departed.last, departed.user_count) == (True, 1)


async def test_w81_a_local_channel_lists_only_local_users_even_if_the_shared_store_answers(harness: Harness) -> None:
    await harness.shared.join("garden", "far", "bob", OWL, 1)
    harness.local.add("garden")
    joined = await harness.presence.join("garden", "c1", "ann", FOX, 1)
    assert (joined.first, joined.user_count) == (True, 1)
    assert await harness.users() == ["ann"]
    assert await harness.presence.members("garden", ["bob", "ann"]) == [joined.member]
    assert (await harness.shared.roster("garden", 9)).user_count == 1, "other processes do not know her"
    assert await harness.presence.restore() == [], "nor is she registered"
    harness.local.clear()
    ((channel, told),) = await harness.presence.restore(["garden"])
    assert (channel, told.member.user_id) == ("garden", "ann")
    assert await harness.users() == ["bob", "ann"]


async def test_w81_members_of_a_local_channel_see_each_other_change_and_leave(harness: Harness) -> None:
    harness.local.add("garden")
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.join("garden", "c2", "bob", FOX, 1)
    assert await harness.presence.update("garden", "bob", OWL) is not None
    assert harness.presence.changed_profiles() == {("garden", "bob"): OWL}, "still to be told elsewhere"
    departed = await harness.presence.leave("garden", "c2")
    assert departed is not None
    assert (departed.last, departed.user_count) == (True, 1)


@pytest.mark.parametrize("isolated", [False, True])
async def test_w24_in_an_outage_local_users_keep_the_profiles_they_had(harness: Harness, isolated: bool) -> None:
    await harness.shared.join("garden", "far", "ann", OWL, 1)
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.join("garden", "c2", "bob", FOX, 1)
    harness.presence.apply_profile("garden", "bob", ELK)  # changed through another process
    harness.shared.away = not isolated
    harness.local |= {"garden"} if isolated else set()
    known = [Member.of("ann", OWL, 1), Member.of("bob", ELK, 1)]
    assert (await harness.presence.roster("garden", 9)).members == known
    assert await harness.presence.members("garden", ["ann", "bob"]) == known
    assert (await harness.presence.join("garden", "c3", "bob", FOX, 2)).member == known[1]


async def test_w81_during_an_outage_other_processes_sweep(harness: Harness) -> None:
    await harness.shared.join("garden", "far", "bob", OWL, 1)
    await harness.shared.abandon("garden", "far", 1000)
    harness.store_away = True
    harness.clock.now_ms += 1001
    assert await harness.presence.sweep() == []
    harness.store_away = False
    assert [departed.user_id for departed in await harness.presence.sweep()] == ["bob"]


async def test_a_grace_runs_out_while_it_is_away(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.shared.away = True
    await harness.presence.abandon("garden", "c1", 8_000)
    harness.clock.now_ms += 8_000
    assert [departed.user_id for departed in await harness.presence.sweep()] == ["ann"]
    assert await harness.users() == []


async def test_a_store_that_returns_empty_gets_every_local_user_again(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.join("garden", "c2", "ann", FOX, 2)
    harness.shared.away = True
    await harness.presence.join("garden", "c3", "bob", FOX, 3)
    await harness.presence.join("garden", "c4", "gone", FOX, 4)
    await harness.presence.update("garden", "bob", OWL)
    await harness.presence.leave("garden", "c4")
    harness.shared._channels.clear()
    harness.shared.away = False

    told = await harness.presence.restore()
    assert [(channel, joined.member.user_id) for channel, joined in told] == [("garden", "ann"), ("garden", "bob")]
    assert (await harness.shared.roster("garden", 10)).members == [
        Member("ann", "sly fox", "rust", 1),
        Member("bob", "wise owl", "teal", 3),
    ]


async def test_leaving_the_map_in_an_outage_survives_it(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    hidden = Profile("sly fox", "rust", on_map=False, changed_at=5)
    harness.shared.away = True
    await harness.presence.update("garden", "ann", hidden)
    harness.shared._channels.clear()
    harness.shared.away = False
    ((_, joined),) = await harness.presence.restore()
    assert joined.member == Member("ann", "sly fox", "rust", 1, on_map=False)
    assert harness.presence.changed_profiles() == {("garden", "ann"): hidden}


async def test_a_store_that_returns_with_its_data_causes_no_announcement(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.shared.away = True
    harness.shared.away = False
    assert await harness.presence.restore() == []


async def test_a_restore_reports_another_outage(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.shared.away = True
    with pytest.raises(StoreUnavailable):
        await harness.presence.restore()


async def test_connections_that_the_store_may_not_have_are_known_until_it_has_them(harness: Harness) -> None:
    presence = harness.presence
    await presence.join("garden", "c1", "ann", FOX, 1)
    assert not presence.has_unregistered("garden")
    presence.begin_outage()
    harness.shared.away = True
    assert presence.has_unregistered("garden"), "it may come back empty"
    await presence.join("attic", "c2", "bob", FOX, 2)
    await presence.refresh("garden", ["c1"])
    harness.shared.away = False
    await presence.restore(["attic"])
    assert (presence.has_unregistered("attic"), presence.has_unregistered("garden")) == (False, True)
    await presence.leave("garden", "c1")
    assert not presence.has_unregistered("garden"), "nobody is there any more"


async def test_a_connection_that_the_store_has_lost_is_found_by_the_next_refresh(harness: Harness) -> None:
    presence = harness.presence
    for connection, user in (("c1", "ann"), ("c2", "bob"), ("c3", "cat")):
        await presence.join("garden", connection, user, FOX, 1)
    await presence.abandon("garden", "c3", 60_000)
    await presence.refresh("garden", ["c1", "c2"])
    assert not presence.has_unregistered("garden")
    await harness.shared.leave("garden", "c2")  # evicted, or swept while this process was suspended
    await presence.refresh("garden", ["c1", "c2", "c3"])
    assert presence.has_unregistered("garden")
    ((channel, told),) = await presence.restore(["garden"])
    assert (channel, told.member.user_id) == ("garden", "bob")
    assert not presence.has_unregistered("garden")


async def test_a_connection_that_is_joining_is_not_lost(harness: Harness) -> None:
    class Slow(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            await harness.presence.refresh(channel, [connection_id])
            return await super().join(channel, connection_id, user_id, profile, now_ms)

    harness.presence._shared = Slow(harness.clock, 300_000)
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    assert not harness.presence.has_unregistered("garden")


async def test_an_outage_during_a_restore_leaves_nobody_out(harness: Harness) -> None:
    class AwayAgain(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            joined = await super().join(channel, connection_id, user_id, profile, now_ms)
            harness.presence.begin_outage()
            return joined

    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.presence.begin_outage()
    harness.presence._shared = AwayAgain(harness.clock, 300_000)
    await harness.presence.restore()
    assert harness.presence.has_unregistered("garden")


async def test_leaving_while_being_registered_again_leaves_no_ghost(harness: Harness) -> None:
    class LeavesMeanwhile(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            await harness.presence.leave(channel, connection_id)
            return await super().join(channel, connection_id, user_id, profile, now_ms)

    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.presence._shared = LeavesMeanwhile(harness.clock, 300_000)
    await harness.presence.restore()
    departed = await harness.presence.sweep()
    assert [gone.user_id for gone in departed] == ["ann"]
    assert await harness.users() == []


async def test_a_profile_changed_in_an_outage_is_retried_until_sent(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.update("garden", "ann", FOX)
    assert harness.presence.changed_profiles() == {}, "it has heard of this one"
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    harness.shared.away = False
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}
    await harness.presence.update("garden", "ann", OWL)
    assert harness.presence.changed_profiles() == {}
    assert (await harness.shared.members("garden", ["ann"]))[0].name == "wise owl"


async def test_profiles_are_sent_again_to_a_store_without_data(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.update("garden", "ann", OWL)
    harness.shared._channels.clear()
    await harness.shared.join("garden", "elsewhere", "ann", FOX, 1)  # another process was quicker, and knew no better
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}


async def test_a_store_that_kept_its_data_is_trusted(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.update("garden", "ann", OWL)
    await harness.shared.update("garden", "ann", ELK)  # through another process, unheard here
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {}
    assert harness.presence.take_missed_profiles() == {("garden", "ann"): ELK}, "what she writes here carries it"
    await harness.presence.restore()
    assert harness.presence.take_missed_profiles() == {}


async def test_w24_a_profile_is_not_lost_with_a_user_whom_the_store_lost(harness: Harness) -> None:
    """Their processes were suspended, and swept; the first to be back had missed the change. Found by the fuzz."""
    await harness.shared.join("garden", "far", "bob", FOX, 1)  # the channel keeps its epoch
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.update("garden", "ann", OWL)
    await harness.shared.leave("garden", "c1")
    await harness.shared.join("garden", "elsewhere", "ann", FOX, 1)
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}


async def test_w24_a_profile_that_a_user_came_back_with_is_newer_than_that_of_a_dead_tab(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.presence.update("garden", "ann", OWL)
    await harness.shared.leave("garden", "c1")
    other = FallbackPresence(harness.shared, MemoryPresence(harness.clock, 300_000), harness)
    await other.join("garden", "c2", "ann", Profile("calm elk", "plum"), 6)
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {}
    assert harness.presence.take_missed_profiles() == {("garden", "ann"): ELK}


async def test_w24_of_two_changes_in_an_outage_the_later_counts(harness: Harness) -> None:
    other = FallbackPresence(harness.shared, MemoryPresence(harness.clock, 300_000), harness)
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await other.join("garden", "c2", "ann", FOX, 1)
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    await other.update("garden", "ann", ELK)
    harness.shared.away = False
    await other.restore()
    assert other.changed_profiles() == {("garden", "ann"): ELK}
    assert await other.update("garden", "ann", ELK, unless_later=True) is not None
    await harness.presence.restore()
    assert await send_changed(harness) == []
    assert (await harness.shared.members("garden", ["ann"]))[0].name == "calm elk"


async def test_w20_a_user_who_is_present_keeps_the_profile_though_a_tab_joined_in_an_outage(harness: Harness) -> None:
    await harness.shared.join("garden", "far", "ann", OWL, 1)
    harness.local.add("garden")
    await harness.presence.join("garden", "c1", "ann", FOX, 9)
    harness.local.clear()
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {}
    assert harness.presence.take_missed_profiles() == {("garden", "ann"): OWL}


async def test_a_profile_changed_on_another_process_is_kept_for_a_store_without_data(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.presence.apply_profile("garden", "ann", OWL)
    harness.shared._channels.clear()
    (_, joined), *_ = await harness.presence.restore()
    assert joined.member.name == "wise owl"


async def test_a_profile_changed_while_its_user_is_registered_again_is_sent_later(harness: Harness) -> None:
    class Slow(Shared):
        async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
            await harness.presence.update(channel, user_id, OWL)
            return await super().join(channel, connection_id, user_id, profile, now_ms)

    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.presence._shared = Slow(harness.clock, 300_000)
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}


async def test_a_profile_changed_in_an_outage_is_sent_even_if_the_connection_has_ended(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    await harness.shared.join("garden", "elsewhere", "ann", FOX, 1)
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    await harness.presence.leave("garden", "c1")
    harness.shared.away = False
    await harness.presence.restore()
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    assert harness.presence.changed_profiles() == {("garden", "ann"): OWL}
    harness.shared.away = False
    await harness.presence.update("garden", "ann", OWL)
    assert harness.presence.changed_profiles() == {}


@pytest.mark.parametrize("later", [True, False])
async def test_w24_a_change_in_an_outage_by_a_user_who_went_elsewhere_undoes_no_later_one(
    harness: Harness, later: bool
) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    await harness.presence.leave("garden", "c1")
    harness.shared.away = False
    await harness.shared.join("garden", "elsewhere", "ann", FOX, 1)
    if later:
        await harness.shared.update("garden", "ann", ELK)
    await harness.presence.restore()
    assert await send_changed(harness) == ([] if later else [OWL])
    assert (await harness.shared.members("garden", ["ann"]))[0].name == ("calm elk" if later else "wise owl")
    assert harness.presence.changed_profiles() == {}


async def test_w24_a_change_in_an_outage_is_kept_until_the_store_has_taken_it(harness: Harness) -> None:
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.shared.away = True
    await harness.presence.update("garden", "ann", OWL)
    await harness.presence.leave("garden", "c1")
    with pytest.raises(StoreUnavailable):
        await send_changed(harness)
    harness.shared.away = False
    harness.shared._channels.clear()
    harness.local.add("garden")
    assert await send_changed(harness) == [], "members are registered later, and she may be one"
    harness.local.clear()
    await harness.shared.join("garden", "elsewhere", "ann", FOX, 1)
    assert await send_changed(harness) == [OWL]
    assert harness.presence.changed_profiles() == {}


async def test_w24_a_later_change_made_while_an_earlier_one_is_sent_is_sent_next(harness: Harness) -> None:
    class Slow(Shared):
        async def update(
            self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
        ) -> Updated | None:
            if profile == OWL:
                self.away = True
                await harness.presence.update(channel, user_id, ELK)
                self.away = False
            return await super().update(channel, user_id, profile, unless_later=unless_later)

    harness.presence._shared = harness.shared = Slow(harness.clock, 300_000)
    await harness.presence.join("garden", "c1", "ann", FOX, 1)
    harness.presence._update_profile("garden", "ann", OWL, changed=True)
    assert await send_changed(harness) == [OWL]
    assert harness.presence.changed_profiles() == {("garden", "ann"): ELK}
    assert await send_changed(harness) == [ELK]
    assert harness.presence.changed_profiles() == {}


async def test_a_changed_profile_does_not_read_the_roster(harness: Harness) -> None:
    """The user's own connections are looked at, in this channel, and nobody else's."""
    for number in range(50):
        await harness.presence.join("garden", f"other {number}", f"user {number}", FOX, 1)
    for connection_id in ("c1", "c2"):
        await harness.presence.join("garden", connection_id, "ann", FOX, 1)
    await harness.presence.join("park", "c3", "ann", FOX, 1)
    looked: list[object] = []

    class Watched(dict[tuple[str, str], object]):
        def __iter__(self) -> Any:
            raise AssertionError("all connections are walked through")

        items = values = keys = __iter__

        def __getitem__(self, key: tuple[str, str]) -> Any:
            looked.append(key)
            return super().__getitem__(key)

    harness.presence._connections = Watched(harness.presence._connections)  # type: ignore[assignment]
    await harness.presence.update("garden", "ann", OWL)
    harness.presence.apply_profile("garden", "ann", OWL)
    assert set(looked) == {("garden", "c1"), ("garden", "c2")}
    for connection_id in ("c1", "c2"):
        await harness.presence.leave("garden", connection_id)
    assert harness.presence._by_user["ann"] == (("park", "c3"),)
    await harness.presence.leave("park", "c3")
    assert "ann" not in harness.presence._by_user, "and nothing is left of a user who is gone"
