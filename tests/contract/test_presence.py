"""The PresenceStore contract: users are counted by connections, and every event happens exactly once."""

from __future__ import annotations

import asyncio
import random

import msgspec

from asocial.domain.profile import Member, Profile
from asocial.ports import Departed, PresenceStore
from tests.support.waiting import eventually_is

from .conftest import PRESENCE_TTL_MS, Adapters

FOX = Profile("sly fox", "rust")
OWL = Profile("wise owl", "teal")


async def test_only_the_first_connection_of_a_user_is_a_join_and_only_the_last_a_leave(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    first = await store.join("garden", "c1", "ann", FOX, 1000)
    second = await other.join("garden", "c2", "ann", OWL, 2000)
    assert (first.first, first.user_count, first.stamp.seq) == (True, 1, 1)
    assert (second.first, second.user_count, second.stamp) == (False, 1, first.stamp)
    # A present user keeps profile and joined_at: two tabs are one user.
    assert first.member == second.member == Member("ann", "sly fox", "rust", 1000)

    one = await store.leave("garden", "c1")
    two = await store.leave("garden", "c2")
    assert one == Departed("garden", "c1", "ann", False, 1, first.stamp)
    assert two is not None
    assert two[:5] == ("garden", "c2", "ann", True, 0)
    assert (two.stamp.epoch, two.stamp.seq) == (first.stamp.epoch, 2)


async def test_joining_twice_with_one_connection_counts_once(adapters: Adapters) -> None:
    store = await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    again = await store.join("garden", "c1", "ann", FOX, 1500)
    assert (again.first, again.user_count, again.member.joined_at) == (False, 1, 1000)
    departed = await store.leave("garden", "c1")
    assert departed is not None
    assert departed.last


async def test_leaving_twice_is_told_once(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    answers = await asyncio.gather(store.leave("garden", "c1"), other.leave("garden", "c1"))
    assert sorted(answer is None for answer in answers) == [False, True]
    assert await store.leave("garden", "never-there") is None
    assert await store.leave("nowhere", "c1") is None


async def test_the_roster_is_in_order_of_joining_with_a_limit_and_the_true_count(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    for number in range(5):
        await store.join("garden", f"c{number}", f"user{number}", FOX, 1000 + number)
    roster = await other.roster("garden", 3)
    assert [member.user_id for member in roster.members] == ["user0", "user1", "user2"]
    assert roster.user_count == 5
    assert roster.stamp.seq == 5
    assert len((await other.roster("garden", 100)).members) == 5


async def test_a_roster_that_was_read_before_does_not_hide_what_changed(adapters: Adapters) -> None:
    store = await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    rosters = [await store.roster("garden", 10)]
    await store.join("garden", "c2", "bob", FOX, 1001)
    rosters.append(await store.roster("garden", 10))
    await store.update("garden", "ann", OWL)
    rosters.append(await store.roster("garden", 10))
    await store.join("garden", "c3", "ann", FOX, 1002)
    await store.leave("garden", "c1")
    rosters.append(await store.roster("garden", 10))
    await store.leave("garden", "c3")
    rosters.append(await store.roster("garden", 10))
    seen = [[(member.user_id, member.name) for member in roster.members] for roster in rosters]
    assert seen == [
        [("ann", "sly fox")],
        [("ann", "sly fox"), ("bob", "sly fox")],
        [("ann", "wise owl"), ("bob", "sly fox")],
        [("ann", "wise owl"), ("bob", "sly fox")],
        [("bob", "sly fox")],
    ]
    assert [(roster.user_count, roster.stamp.seq) for roster in rosters] == [(1, 1), (2, 2), (2, 3), (2, 3), (1, 4)]


async def test_an_empty_channel_has_an_empty_roster(adapters: Adapters) -> None:
    roster = await (await adapters.presence()).roster("nowhere", 10)
    assert (roster.members, roster.user_count) == ([], 0)


async def test_seq_counts_every_event_once_and_an_emptied_channel_starts_another_epoch_or_goes_on(
    adapters: Adapters,
) -> None:
    store = await adapters.presence()
    stamps = [
        (await store.join("garden", "c1", "ann", FOX, 1)).stamp,
        (await store.join("garden", "c2", "bob", OWL, 2)).stamp,
    ]
    updated = await store.update("garden", "ann", OWL)
    assert updated is not None
    stamps.append(updated.stamp)
    for connection in ("c1", "c2"):
        departed = await store.leave("garden", connection)
        assert departed is not None
        stamps.append(departed.stamp)
    assert [stamp.seq for stamp in stamps] == [1, 2, 3, 4, 5]
    assert len({stamp.epoch for stamp in stamps}) == 1

    back = (await store.join("garden", "c3", "ann", FOX, 3)).stamp
    # A client that slept through the empty time must never take the new count for the old one.
    assert back.epoch != stamps[0].epoch or back.seq > stamps[-1].seq


async def test_a_changed_profile_holds_for_all_who_ask(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    updated = await store.update("garden", "ann", OWL)
    assert updated is not None
    assert (updated.user_count, updated.stamp.seq) == (1, 2)
    assert await other.members("garden", ["ann"]) == [Member("ann", "wise owl", "teal", 1000)]
    assert await store.update("garden", "bob", OWL) is None
    assert await store.update("nowhere", "ann", OWL) is None


async def test_w24_a_later_profile_stays_where_that_is_asked(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    sooner, later = Profile("wise owl", "teal", changed_at=1_700_000_000_000), Profile("calm elk", "plum")
    await store.join("garden", "c1", "ann", later, 1000)
    assert await other.update("garden", "ann", sooner, unless_later=True) is not None, "of an unknown time"
    assert await other.update("garden", "ann", sooner, unless_later=True) is not None, "the same"
    later = msgspec.structs.replace(later, changed_at=sooner.changed_at + 1)
    before = await store.update("garden", "ann", later)
    assert await other.update("garden", "ann", sooner, unless_later=True) is None
    assert await other.update("garden", "bob", later, unless_later=True) is None
    assert await other.members("garden", ["ann"]) == [Member.of("ann", later, 1000)]
    assert before is not None
    assert (await other.roster("garden", 1)).stamp == before.stamp, "no event"
    assert await other.update("garden", "ann", sooner) is not None, "the clock was set"
    assert await store.members("garden", ["ann"]) == [Member.of("ann", sooner, 1000)]


async def test_a_user_off_the_map_is_marked(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    hidden = Member("ann", "sly fox", "rust", 1000, on_map=False)
    joined = await store.join("garden", "c1", "ann", Profile("sly fox", "rust", on_map=False), 1000)
    assert joined.member == hidden
    assert (await other.roster("garden", 10)).members == [hidden]
    assert await other.members("garden", ["ann"]) == [hidden]
    await store.update("garden", "ann", FOX)
    assert await other.members("garden", ["ann"]) == [Member("ann", "sly fox", "rust", 1000)]


async def test_names_of_any_script_survive(adapters: Adapters) -> None:
    store = await adapters.presence()
    profile = Profile('Åsa "ض" \\ 猫 🦊', "plum")
    await store.join("garden", "c1", "ann", profile, 1000)
    assert await store.members("garden", ["ann"]) == [Member("ann", profile.name, "plum", 1000)]


async def test_w137_all_processes_count_the_users_of_all_channels(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    assert await store.counts() == {}
    for channel, connection, user in (("garden", "c1", "ann"), ("garden", "c2", "ann"), ("kitchen", "c3", "ann")):
        await store.join(channel, connection, user, FOX, 1000)
    await other.join("garden", "c4", "bob", OWL, 1000)
    assert await store.counts() == await other.counts() == {"garden": 2, "kitchen": 1}
    await store.leave("kitchen", "c3")
    await other.leave("garden", "c4")
    assert await other.counts() == {"garden": 1}


async def test_members_answers_in_the_order_asked_none_twice_and_only_the_present(adapters: Adapters) -> None:
    store = await adapters.presence()
    for number in range(3):
        await store.join("garden", f"c{number}", f"user{number}", FOX, 1000)
    asked = ["user2", "ghost", "user0", "user2"]
    assert [member.user_id for member in await store.members("garden", asked)] == ["user2", "user0"]
    assert await store.members("nowhere", ["user0"]) == []


async def test_channels_are_independent(adapters: Adapters) -> None:
    store = await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    assert (await store.join("Garden", "c2", "ann", FOX, 2000)).first
    departed = await store.leave("garden", "c1")
    assert departed is not None
    assert departed.last
    assert (await store.roster("Garden", 10)).user_count == 1


async def test_unrefreshed_connections_are_swept_once_by_one_process(adapters: Adapters) -> None:
    stores = [await adapters.presence() for _ in range(3)]
    await stores[0].join("garden", "kept", "ann", FOX, 1000)
    await stores[0].join("garden", "lost", "bob", OWL, 1000)
    swept: list[Departed] = []

    async def sweep_everywhere() -> list[str]:
        await stores[0].refresh("garden", ["kept"])
        for departed in await asyncio.gather(*(store.sweep() for store in stores)):
            swept.extend(departed)
        return [departed.connection_id for departed in swept]

    assert await sweep_everywhere() == []
    await eventually_is(sweep_everywhere, ["lost"])
    await asyncio.sleep(PRESENCE_TTL_MS / 1000)
    assert await sweep_everywhere() == ["lost"]
    assert (swept[0].user_id, swept[0].last, swept[0].user_count) == ("bob", True, 1)
    assert [member.user_id for member in (await stores[2].roster("garden", 10)).members] == ["ann"]


async def test_an_abandoned_connection_goes_after_its_grace_whatever_is_refreshed(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    await store.abandon("garden", "c1", 50)

    async def sweep() -> list[tuple[str, bool]]:
        await store.refresh("garden", ["c1"])
        return [(departed.user_id, departed.last) for departed in await other.sweep()]

    await eventually_is(sweep, [("ann", True)])
    await store.refresh("garden", ["c1"])
    assert (await store.roster("garden", 10)).user_count == 0


async def test_returning_within_the_grace_is_no_departure(adapters: Adapters) -> None:
    store, other = await adapters.presence(), await adapters.presence()
    await store.join("garden", "old", "ann", FOX, 1000)
    await store.abandon("garden", "old", 50)
    back = await other.join("garden", "new", "ann", FOX, 2000)
    assert not back.first

    async def sweep() -> list[tuple[str, bool]]:
        await other.refresh("garden", ["new"])
        return [(departed.connection_id, departed.last) for departed in await store.sweep()]

    await eventually_is(sweep, [("old", False)])
    assert (await store.roster("garden", 10)).members == [Member("ann", "sly fox", "rust", 1000)]


async def test_an_explicit_leave_ends_a_grace(adapters: Adapters) -> None:
    store = await adapters.presence()
    await store.join("garden", "c1", "ann", FOX, 1000)
    await store.abandon("garden", "c1", 60_000)
    departed = await store.leave("garden", "c1")
    assert departed is not None
    assert departed.last
    assert await store.sweep() == []


async def test_a_refresh_names_the_connections_that_are_abandoned_or_unknown(adapters: Adapters) -> None:
    store = await adapters.presence()
    await store.abandon("nowhere", "c1", 10)
    assert await store.refresh("nowhere", ["c1"]) == ["c1"]
    for connection in ("c1", "c2"):
        await store.join("garden", connection, "ann", FOX, 1000)
    await store.abandon("garden", "ghost", 10)
    await store.abandon("garden", "c2", 60_000)
    assert await store.refresh("garden", ["ghost", "c1", "c2"]) == ["ghost", "c2"]
    assert await store.refresh("garden", ["c1"]) == []
    assert (await store.roster("garden", 10)).user_count == 1


async def test_random_operations_on_two_processes_agree_with_a_model(adapters: Adapters) -> None:
    """Seeded: joins and leaves in any order; firsts, lasts and counts must be the model's, seq without a gap."""
    stores = [await adapters.presence(), await adapters.presence()]
    for seed in range(5):
        chance = random.Random(seed)
        channel = f"seed{seed}"
        await _live(chance, channel, stores)


async def _live(chance: random.Random, channel: str, stores: list[PresenceStore]) -> None:
    model: dict[str, str] = {}
    epoch, seq = None, 0
    for step in range(120):
        store = chance.choice(stores)
        users = set(model.values())
        if model and chance.random() < 0.45:
            connection = chance.choice(sorted(model))
            user = model.pop(connection)
            departed = await store.leave(channel, connection)
            assert departed is not None
            assert departed.last == (user not in model.values())
            assert departed.user_count == len(set(model.values()))
            event, stamp = departed.last, departed.stamp
        else:
            user = f"user{chance.randrange(6)}"
            joined = await store.join(channel, f"{channel}-{step}", user, FOX, step)
            assert joined.first == (user not in users)
            model[f"{channel}-{step}"] = user
            assert joined.user_count == len(set(model.values()))
            event, stamp = joined.first, joined.stamp
        if stamp.epoch != epoch:
            epoch, seq = stamp.epoch, 0
        seq += event
        assert stamp.seq == seq, f"seed {chance}: step {step}"
        if not model:
            epoch = None
    roster = await stores[0].roster(channel, 100)
    assert {member.user_id for member in roster.members} == set(model.values())
