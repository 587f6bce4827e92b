"""The ChannelRules contract: all processes see the same rules, and no concurrent change is lost silently."""

from __future__ import annotations

import asyncio

from asocial.domain.landmarks import Landmark
from asocial.domain.message import Position
from asocial.domain.rules import NO_RULES, Rules
from asocial.service.server_rules import NAME as SERVER
from tests.support.waiting import eventually_is

from .conftest import Adapters

KEEP_MS = 60_000
LANDMARKS = (
    Landmark("fire", Position(0, 0)),
    Landmark('a "stage" \\ 舞台 🎭', Position(-10_000_000, 0.1)),
    *(Landmark("火" * 38 + f"{n:02}", Position(n, -n)) for n in range(18)),
)


async def test_a_channel_has_no_rules_at_first(adapters: Adapters) -> None:
    rules = await adapters.rules()
    assert await rules.load("garden") is NO_RULES
    assert await rules.refresh("garden", KEEP_MS) is NO_RULES
    assert await rules.load("garden") is NO_RULES, "using it makes none"


async def test_every_process_reads_what_one_wrote(adapters: Adapters) -> None:
    here, there = await adapters.rules(), await adapters.rules()
    made = (
        Rules()
        .with_owner("ann")
        .with_slow_ms(5000)
        .with_read_only(True)
        .with_invitation(7, "key")
        .with_ban("bob", 20, now=10)
        .with_landmarks(lambda _: LANDMARKS)
    )
    assert await here.swap("garden", made, KEEP_MS) == made
    assert await there.load("garden") == made
    assert await there.refresh("garden", KEEP_MS) == made
    assert await there.load("kitchen") == NO_RULES


async def test_w115_landmarks_changed_at_the_same_moment_are_not_lost(adapters: Adapters) -> None:
    """The later writer gets the rules of the earlier, and makes its change again on top of them."""
    stores = [await adapters.rules() for _ in range(5)]

    async def add(n: int) -> None:
        mine = Landmark(f"number {n}", Position(n, n))
        rules = await stores[n].load("garden")
        while mine not in rules.landmarks:
            rules = await stores[n].swap("garden", rules.with_landmarks(lambda before: (*before, mine)), KEEP_MS)

    await asyncio.gather(*map(add, range(5)))
    stored = await stores[0].load("garden")
    assert {landmark.name for landmark in stored.landmarks} == {f"number {n}" for n in range(5)}
    assert stored.version == 5


async def test_of_two_concurrent_claims_the_later_gets_the_first(adapters: Adapters) -> None:
    here, there = await adapters.rules(), await adapters.rules()
    first, second = await asyncio.gather(
        here.swap("garden", NO_RULES.with_owner("ann"), KEEP_MS),
        there.swap("garden", NO_RULES.with_owner("bob"), KEEP_MS),
    )
    assert first == second == await here.load("garden")
    assert first.owner in ("ann", "bob")


async def test_older_rules_are_not_written(adapters: Adapters) -> None:
    rules = await adapters.rules()
    newest = Rules(version=7, owner="ann")
    await rules.swap("garden", newest, KEEP_MS)
    for version in (1, 6, 7):
        assert await rules.swap("garden", Rules(version=version, owner="bob"), KEEP_MS) == newest
    assert await rules.swap("garden", Rules(version=9, owner="bob"), KEEP_MS) == Rules(version=9, owner="bob")


async def test_rules_that_were_begun_again_are_replaced_by_those_that_the_store_had_lost(adapters: Adapters) -> None:
    """However often they were changed. But of two who begin at once, the second does not undo the first."""
    rules = await adapters.rules()
    lost, again = Rules(version=2, owner="ann", since=1_000), Rules(version=9, owner="eve", since=2_000)
    await rules.swap("garden", again, KEEP_MS)
    assert await rules.swap("garden", lost, KEEP_MS) == again
    assert await rules.swap("garden", lost, KEEP_MS, restore=True) == lost
    for restore in (False, True):
        assert await rules.swap("garden", again, KEEP_MS, restore=restore) == lost
    changed = lost.with_slow_ms(5)
    assert await rules.swap("garden", changed, KEEP_MS) == changed
    before_this_was_recorded = Rules(version=1, owner="ann")
    assert await rules.swap("garden", before_this_was_recorded, KEEP_MS, restore=True) == before_this_was_recorded


async def test_rules_that_are_not_used_are_forgotten(adapters: Adapters) -> None:
    rules = await adapters.rules()
    await rules.swap("garden", NO_RULES.with_owner("ann"), 200)

    async def load() -> Rules:
        return await rules.load("garden")

    await eventually_is(load, NO_RULES)
    assert await rules.swap("garden", NO_RULES.with_owner("bob"), KEEP_MS) == NO_RULES.with_owner("bob")


async def test_use_extends_the_lifetime_of_rules_and_never_shortens_it(adapters: Adapters) -> None:
    rules = await adapters.rules()
    used, long = NO_RULES.with_owner("ann"), NO_RULES.with_owner("bob")
    await rules.swap("used", used, 1500)
    await rules.swap("long", long, KEEP_MS)
    await rules.refresh("long", 200)
    for _ in range(6):
        await asyncio.sleep(0.4)
        assert await rules.refresh("used", 1500) == used
    assert await rules.load("long") == long


async def test_w139_bans_of_all_channels_are_rules_under_a_name_of_their_own(adapters: Adapters) -> None:
    here, there = await adapters.rules(), await adapters.rules()
    made = Rules().with_ban("bob", 20, now=10).with_ban("@2001:db8::/64", 30, now=10)
    assert await here.swap(SERVER, made, KEEP_MS) == made
    assert await there.load(SERVER) == made
    assert await there.load("server") is NO_RULES, "no channel has this name"


async def test_w138_all_processes_read_until_when_a_channel_is_closed(adapters: Adapters) -> None:
    here, there = await adapters.rules(), await adapters.rules()
    await here.swap("garden", NO_RULES.with_closed_until(77), KEEP_MS)
    assert (await there.load("garden")).closed_until == 77
