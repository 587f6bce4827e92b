"""The ChannelRules contract: every process sees the same rules, and of two changes at once neither is lost unseen."""

from __future__ import annotations

import asyncio

from asocial.domain.rules import NO_RULES, Rules
from tests.patience import eventually_is

from .conftest import World

KEEP_MS = 60_000


async def test_a_channel_has_no_rules_until_somebody_makes_some(world: World) -> None:
    rules = await world.rules()
    assert await rules.load("garden") is NO_RULES
    assert await rules.refresh("garden", KEEP_MS) is NO_RULES
    assert await rules.load("garden") is NO_RULES, "using it makes none"


async def test_every_process_reads_what_one_wrote(world: World) -> None:
    here, there = await world.rules(), await world.rules()
    made = (
        Rules()
        .with_owner("ann")
        .with_slow_ms(5000)
        .with_read_only(True)
        .with_invitation(7, "key")
        .with_ban("bob", 20, now=10)
    )
    assert await here.swap("garden", made, KEEP_MS) == made
    assert await there.load("garden") == made
    assert await there.refresh("garden", KEEP_MS) == made
    assert await there.load("kitchen") == NO_RULES


async def test_of_two_at_once_the_late_one_gets_the_other(world: World) -> None:
    here, there = await world.rules(), await world.rules()
    first, second = await asyncio.gather(
        here.swap("garden", NO_RULES.with_owner("ann"), KEEP_MS),
        there.swap("garden", NO_RULES.with_owner("bob"), KEEP_MS),
    )
    assert first == second == await here.load("garden")
    assert first.owner in ("ann", "bob")


async def test_what_is_older_is_not_written(world: World) -> None:
    rules = await world.rules()
    newest = Rules(version=7, owner="ann")
    await rules.swap("garden", newest, KEEP_MS)
    for version in (1, 6, 7):
        assert await rules.swap("garden", Rules(version=version, owner="bob"), KEEP_MS) == newest
    assert await rules.swap("garden", Rules(version=9, owner="bob"), KEEP_MS) == Rules(version=9, owner="bob")


async def test_rules_that_are_not_used_are_forgotten(world: World) -> None:
    rules = await world.rules()
    await rules.swap("garden", NO_RULES.with_owner("ann"), 200)

    async def load() -> Rules:
        return await rules.load("garden")

    await eventually_is(load, NO_RULES)
    assert await rules.swap("garden", NO_RULES.with_owner("bob"), KEEP_MS) == NO_RULES.with_owner("bob")


async def test_using_them_keeps_them_and_never_for_less_long(world: World) -> None:
    rules = await world.rules()
    used, long = NO_RULES.with_owner("ann"), NO_RULES.with_owner("bob")
    await rules.swap("used", used, 1500)
    await rules.swap("long", long, KEEP_MS)
    await rules.refresh("long", 200)
    for _ in range(6):
        await asyncio.sleep(0.4)
        assert await rules.refresh("used", 1500) == used
    assert await rules.load("long") == long
