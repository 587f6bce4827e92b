"""The LiveMessages contract: every process finds live messages and strokes, and no expired ones."""

from __future__ import annotations

from msgspec.structs import replace

from asocial.domain.live_message import LiveMessage
from tests.support.waiting import eventually_is
from tests.support.wall_clock import wall_ms

from .conftest import Adapters


def message(name: str, *, user: str = "ann", after_ms: int = 0, life_ms: int = 60_000) -> LiveMessage:
    timestamp = wall_ms() + after_ms
    return LiveMessage(user, name, timestamp, timestamp + life_ms, b'{"payload":"%s \xc3\xa9"}' % name.encode())


async def test_live_messages_are_listed_by_time_on_every_process(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    late, early = message("late", after_ms=20), message("early")
    here.add("garden", late)
    here.add("garden", early)

    async def living() -> list[LiveMessage]:
        return await there.load("garden", wall_ms())

    await eventually_is(living, [early, late])
    assert await here.load("garden", wall_ms()) == [early, late]
    assert await here.load("elsewhere", wall_ms()) == []


def stroke(name: str, *, after_ms: int = 0, life_ms: int = 60_000) -> LiveMessage:
    return replace(message(name, after_ms=after_ms, life_ms=life_ms), stroke=True)


async def test_w112_strokes_are_listed_among_messages_by_time(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    line, word, later = stroke("line"), message("word", after_ms=10), stroke("later", after_ms=20)
    for each in (later, word, line):
        here.add("garden", each)

    async def living() -> list[LiveMessage]:
        return await there.load("garden", wall_ms())

    await eventually_is(living, [line, word, later])
    assert here.find("garden", "ann", "line", line.timestamp) == line


async def test_w112_strokes_end_are_shared_and_are_cleared_as_messages_are(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    short, kept, new = stroke("short", life_ms=1000), stroke("kept"), stroke("new", after_ms=50)
    for each in (short, kept):
        here.add("garden", each, shared=False)
    assert here.local("garden", short.expires_at) == [kept]
    here.share("garden")

    async def living() -> list[LiveMessage]:
        return await there.load("garden", short.expires_at)

    await eventually_is(living, [kept])
    here.add("garden", new)
    await eventually_is(living, [kept, new])
    await there.clear("garden", new.timestamp - 1)
    here.forget("garden", new.timestamp - 1)
    await eventually_is(living, [new])
    assert here.local("garden", wall_ms()) == [new]


async def test_expired_messages_are_not_listed(adapters: Adapters) -> None:
    live = await adapters.live()
    short, long = message("short", life_ms=1000), message("long")
    live.add("garden", short)
    live.add("garden", long)
    assert await live.load("garden", short.expires_at - 1) == [short, long]
    assert await live.load("garden", short.expires_at) == [long]


async def test_find_knows_a_message_while_it_lives(adapters: Adapters) -> None:
    live = await adapters.live()
    said = message("m1", life_ms=1000)
    live.add("garden", said)
    assert live.find("garden", "ann", "m1", said.expires_at - 1) == said
    assert live.find("garden", "ann", "m1", said.expires_at) is None
    assert live.find("garden", "bob", "m1", said.timestamp) is None
    assert live.find("elsewhere", "ann", "m1", said.timestamp) is None


async def test_local_messages_are_those_added_here_that_are_live(adapters: Adapters) -> None:
    live = await adapters.live()
    short, long = message("short", life_ms=1000), message("long")
    live.add("garden", long)
    live.add("garden", short)
    assert live.local("garden", short.timestamp) in ([short, long], [long, short])
    assert live.local("garden", short.expires_at) == [long]
    assert live.local("elsewhere", short.timestamp) == []


async def test_the_same_id_of_two_users_is_two_messages(adapters: Adapters) -> None:
    live = await adapters.live()
    anns, bobs = message("m1", user="ann"), message("m1", user="bob", after_ms=1)
    live.add("garden", anns)
    live.add("garden", bobs)
    assert await live.load("garden", wall_ms()) == [anns, bobs]


async def test_a_local_message_is_seen_elsewhere_once_it_is_shared(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    kept, told = message("kept"), message("told", after_ms=1)
    here.add("garden", kept, shared=False)
    here.add("garden", told)
    assert kept in here.local("garden", wall_ms())
    assert here.find("garden", "ann", "kept", wall_ms()) == kept

    async def living() -> list[LiveMessage]:
        return await there.load("garden", wall_ms())

    if here is not there:  # in memory, one store is all there is
        await eventually_is(living, [told])
    here.share("garden")
    await eventually_is(living, [kept, told])
    here.share("garden")
    here.share("nobody ever spoke here")
    assert await living() == [kept, told]


async def test_expire_drops_expired_messages_and_no_others(adapters: Adapters) -> None:
    live = await adapters.live()
    short, long = message("short", life_ms=1000), message("long")
    live.add("garden", short)
    live.add("garden", long)
    live.expire(short.expires_at)
    # Asked for a moment at which it still lived, it is not there: it was let go.
    assert live.find("garden", "ann", "short", short.timestamp) is None
    assert live.find("garden", "ann", "long", short.timestamp) == long


async def test_cleared_messages_are_not_listed_and_later_ones_are(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    old, new = message("old"), message("new", after_ms=50)
    here.add("garden", old)
    there.add("garden", message("theirs"))
    there.add("kitchen", message("elsewhere"))

    async def count() -> int:
        return len(await here.load("garden", wall_ms()))

    await eventually_is(count, 2)
    here.add("garden", new)
    await here.clear("garden", new.timestamp - 1)
    there.forget("garden", new.timestamp - 1)

    async def living() -> list[LiveMessage]:
        return await there.load("garden", wall_ms())

    await eventually_is(living, [new])
    assert await here.load("garden", wall_ms()) == [new]
    assert here.find("garden", "ann", "old", old.timestamp) is None
    assert there.local("garden", wall_ms()) in ([], [new])
    assert len(await there.load("kitchen", wall_ms())) == 1


async def test_a_message_in_flight_during_a_clear_is_forgotten_by_its_process(adapters: Adapters) -> None:
    here, there = await adapters.live(), await adapters.live()
    await here.clear("garden", wall_ms() + 50)
    said = message("m1")
    there.add("garden", said)
    there.forget("garden", wall_ms() + 50)

    async def living() -> list[LiveMessage]:
        return await here.load("garden", wall_ms())

    await eventually_is(living, [])
    await there.clear("garden", wall_ms() + 50)
    assert await there.load("garden", wall_ms()) == []
