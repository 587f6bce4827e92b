"""Entries in Redis that this version cannot read are treated as absent, counted, and logged once per kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from asocial.domain.live_message import LiveMessage
from asocial.domain.profile import Profile
from asocial.domain.rules import NO_RULES
from asocial.service.counters import Counters
from tests.support.redis_backend import make_backend
from tests.support.redis_server import Server
from tests.support.runtime import make_runtime
from tests.support.store_events import IgnoreStoreEvents
from tests.support.waiting import eventually, eventually_is

from .registrations import connections_of
from .test_redis_faults import Start, start  # noqa: F401 (the fixture)

FOX = Profile("sly fox", "rust")
KEYS = ["conns", "expiry", "users", "profiles", "joined", "stamp", "live", "strokes", "rules"]


@pytest.fixture
def server(redis_server: Server) -> Server:
    redis_server.ask("FLUSHALL")
    return redis_server


def spoil(server: Server, key: str) -> None:
    """Another type than any of ours has under this name: a stream."""
    server.ask("DEL", key)
    assert "-" in str(server.ask("XADD", key, "*", "field", "value"))


@pytest.mark.parametrize("what", KEYS)
async def test_a_key_of_the_wrong_type_stops_no_client(server: Server, start: Start, what: str) -> None:  # noqa: F811
    spoil(server, f"asocial:{{garden}}:{what}")
    here, there = await start(server.url), await start(server.url)
    presence, live, rules = here.backend.presence, here.backend.live, here.backend.rules
    assert (await presence.join("garden", "c1", "ann", FOX, 1)).first
    assert not (await there.backend.presence.join("garden", "c2", "ann", FOX, 2)).first
    assert [member.user_id for member in (await there.backend.presence.roster("garden", 9)).members] == ["ann"]
    now_ms = here.backend._runtime.clock.now_ms()
    assert await there.backend.live.load("garden", now_ms) == []
    message = LiveMessage("ann", "m1", now_ms, now_ms + 60_000, b"{}")
    live.add("garden", message)
    await eventually_is(lambda: there.backend.live.load("garden", now_ms), [message])
    stroke = LiveMessage("ann", "s1", now_ms, now_ms + 60_000, b"{}", stroke=True)
    live.add("garden", stroke)
    await eventually_is(lambda: there.backend.live.load("garden", now_ms), [message, stroke])
    await live.clear("garden", now_ms)
    assert await there.backend.live.load("garden", now_ms) == []
    assert await rules.load("garden") == NO_RULES
    claimed = NO_RULES.with_owner("ann")
    assert await rules.swap("garden", claimed, 60_000) == claimed
    assert await there.backend.rules.load("garden") == claimed
    await presence.refresh("garden", ["c1"])
    assert await presence.leave("garden", "c1") is not None
    assert await there.backend.presence.sweep() == []
    assert here.told == there.told == []


@pytest.mark.parametrize("what", ["leases", "deadlines", "deaths", "clock"])
async def test_the_keys_of_processes_are_written_anew(server: Server, start: Start, what: str) -> None:  # noqa: F811
    spoil(server, f"asocial:{{.pods}}:{what}")
    here = await start(server.url)
    assert here.told == []
    assert (await here.backend.presence.join("garden", "c1", "ann", FOX, 1)).first
    assert await here.backend.presence.sweep() == []
    spoil(server, f"asocial:{{.pods}}:{what}")
    assert await here.backend.presence.sweep() == []
    await here.backend._leases.renew()
    assert here.backend.state() == {"redis": "ok", "pubsub": "ok"}


Damage = tuple[str, ...]
GARDEN = "asocial:{garden}:"


@pytest.mark.parametrize(
    "damage",
    [
        ("HSET", GARDEN + "profiles", "bob", "{no json"),
        ("HSET", GARDEN + "profiles", "bob", '{"name":7}'),
        ("HDEL", GARDEN + "profiles", "bob"),
        ("HSET", GARDEN + "users", "bob", "many"),
        ("HSET", GARDEN + "stamp", "seq", "late"),
        ("HDEL", GARDEN + "stamp", "epoch", "seq"),
        ("HSET", GARDEN + "conns", "c9", "nothing like an entry"),
        ("HSET", GARDEN + "conns", "c9", ""),
        ("ZREM", GARDEN + "joined", "bob"),
        ("ZADD", GARDEN + "expiry", "1", "nobody"),
        ("SET", "asocial:{.pods}:deaths", "several"),
        ("ZADD", "asocial:{.pods}:deadlines", "1", "no channel \udcff"),
    ],
    ids=lambda damage: " ".join(damage[1:])[8:].encode("ascii", "replace").decode(),
)
async def test_a_damaged_entry_affects_no_other(server: Server, start: Start, damage: Damage) -> None:  # noqa: F811
    here, there = await start(server.url), await start(server.url)
    await here.backend.presence.join("garden", "c1", "bob", FOX, 1)
    server.ask(*(word.encode("utf-8", "surrogateescape").decode("latin-1") for word in damage))
    joined = await there.backend.presence.join("garden", "c2", "ann", FOX, 2)
    assert joined.member.profile == FOX
    assert (await there.backend.presence.join("garden", "c3", "bob", FOX, 3)).member.profile == FOX
    roster = await here.backend.presence.roster("garden", 10)
    assert "ann" in [member.user_id for member in roster.members]
    assert roster.stamp.epoch
    assert await here.backend.presence.update("garden", "ann", FOX, unless_later=True) is not None
    assert await here.backend.presence.update("garden", "bob", FOX, unless_later=True) is not None
    await there.backend.presence.members("garden", ["ann", "bob"])
    await here.backend.presence.sweep()
    await here.backend._leases.renew()
    for connection in ("c1", "c2", "c3"):
        await here.backend.presence.leave("garden", connection)
    await here.backend.presence.sweep()
    assert here.told == there.told == []


@pytest.mark.parametrize(
    "lost",
    [
        *(("DEL", GARDEN + key) for key in ("conns", "expiry", "users", "profiles", "joined")),
        ("DEL", GARDEN + "conns", GARDEN + "expiry"),
        ("DEL", GARDEN + "users", GARDEN + "profiles", GARDEN + "joined"),
        *(("HDEL", GARDEN + key, field) for key, field in (("conns", "c1"), ("users", "bob"), ("profiles", "bob"))),
        *(("ZREM", GARDEN + key, member) for key, member in (("expiry", "c1"), ("joined", "bob"))),
    ],
    ids=lambda lost: " ".join(lost).replace(GARDEN, ""),
)
async def test_presence_that_is_lost_in_part_counts_as_lost(server: Server, start: Start, lost: Damage) -> None:  # noqa: F811
    """Redis evicts single keys. Each process hears of it at its heartbeat, and everyone is counted once again."""
    here, there = (await start(server.url)).backend.presence, (await start(server.url)).backend.presence
    tabs = [(here, "c1", "bob"), (here, "c2", "bob"), (there, "c3", "ann")]
    for store, connection, user in tabs:
        await store.join("garden", connection, user, FOX, 1)
    server.ask(*lost)
    assert await here.refresh("garden", ["c1", "c2"]) == ["c1", "c2"]
    assert await there.refresh("garden", ["c3"]) == ["c3"]
    for store, connection, user in tabs:
        await store.join("garden", connection, user, FOX, 1)
    assert await here.refresh("garden", ["c1", "c2"]) == await there.refresh("garden", ["c3"]) == []
    assert {member.user_id for member in (await here.roster("garden", 9)).members} == {"ann", "bob"}
    last = [departed.last for _, c, _ in tabs if (departed := await here.leave("garden", c)) is not None]
    assert last == [False, True, True]


async def test_leaving_what_is_lost_in_part_announces_nobody(server: Server, start: Start) -> None:  # noqa: F811
    """The count of connections is gone: of a user with two tabs, the first to close seems to be the last."""
    presence = (await start(server.url)).backend.presence
    for connection in ("c1", "c2"):
        await presence.join("garden", connection, "bob", FOX, 1)
    server.ask("DEL", GARDEN + "users")
    assert await presence.leave("garden", "c1") is None
    assert await presence.refresh("garden", ["c2"]) == ["c2"]


async def test_messages_that_cannot_be_read_are_left_out(server: Server, start: Start) -> None:  # noqa: F811
    here, there = await start(server.url), await start(server.url)
    now_ms = here.backend._runtime.clock.now_ms()
    good = LiveMessage("ann", "m1", now_ms, now_ms + 60_000, b"{}")
    here.backend.live.add("garden", good)
    # The last would end up in the middle of a user_sync.
    broken = LiveMessage("ann", "m2", now_ms, now_ms + 60_000, b"not json")
    here.backend.live.add("garden", broken)
    server.ask("ZADD", GARDEN + "live", str(now_ms + 60_000), "rubbish")
    server.ask("ZADD", GARDEN + "live", str(now_ms + 60_000), "[]")
    await eventually_is(lambda: there.backend.live.load("garden", now_ms), [good])
    await there.backend.live.clear("garden", now_ms)
    assert server.ask("ZCARD", GARDEN + "live") == 0


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"version":9,"owner":7}', '{"version":"x"}', "\x00\x01"])
async def test_rules_that_cannot_be_read_are_none_and_can_be_written(
    server: Server, start: Start, text: str  # noqa: F811
) -> None:  # fmt: skip
    here = await start(server.url)
    server.ask("SET", GARDEN + "rules", text)
    assert await here.backend.rules.load("garden") == NO_RULES
    assert await here.backend.rules.refresh("garden", 60_000) == NO_RULES
    claimed = NO_RULES.with_owner("ann")
    assert await here.backend.rules.swap("garden", claimed, 60_000) == claimed
    assert await here.backend.rules.load("garden") == claimed


async def test_registrations_and_limits_that_cannot_be_read(server: Server, start: Start) -> None:  # noqa: F811
    here = await start(server.url)
    registry, limiter = here.backend.registry, here.backend.limiter
    # A script, because this client sends text only.
    no_text = "return redis.call('ZADD', KEYS[1], ARGV[1], '\\133\\134 no/entry')"
    server.ask("EVAL", no_text, "1", "asocial:{user:ann}:connections", "9" * 13)
    server.ask("ZADD", "asocial:{user:ann}:connections", "9" * 13, "nothing")
    assert await registry.register("ann", "c1", 1)
    assert await connections_of(registry, "ann") == 1
    assert here.backend._runtime.counters.unreadable["registration"] == 1
    spoil(server, "asocial:{user:bob}:connections")
    assert await registry.register("bob", "c2", 1)
    assert await connections_of(registry, "bob") == 1
    spoil(server, "asocial:{messages:ann}:rate")
    assert await limiter.take("messages:ann", 1, 60_000) == 0
    assert await limiter.take("messages:ann", 1, 60_000) > 0
    server.ask("RPUSH", "asocial:{messages:bob}:rate", "soon", "later")
    assert await limiter.take("messages:bob", 2, 60_000) == 0
    spoil(server, "asocial:{connects:school}:tokens")
    assert await limiter.take_token("connects:school", 1, 1) == 0
    assert await limiter.take_token("connects:school", 1, 1) > 0
    server.ask("SET", "asocial:{connects:school}:tokens", "soon")
    assert await limiter.take_token("connects:school", 1, 1) == 0
    assert here.told == []


@pytest.mark.parametrize(
    "batch", ["", "garbage", "\x01", "\x02" + "x" * 40, "\x01" + "\x7f" * 24, "\x01" + "\0" * 24 + "{no control"]
)
async def test_a_batch_that_cannot_be_read_is_skipped(server: Server, start: Start, batch: str) -> None:  # noqa: F811
    here, there = await start(server.url), await start(server.url)
    server.ask("PUBLISH", "asocial:{garden}", batch)
    here.say(b"after it")
    await eventually(lambda: b"after it" in there.heard, "the next batch")
    assert there.told == []


async def test_each_kind_is_logged_once_and_counted_always(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    counters = Counters()
    backend = make_backend(server.url, runtime=make_runtime(counters=counters))
    await backend.start(IgnoreStoreEvents())
    reads: list[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("rules", lambda: backend.rules.load("garden")),
        ("message", lambda: backend.live.load("garden", 1)),
        ("profile", lambda: backend.presence.members("garden", ["bob"])),
    ]
    server.ask("SET", GARDEN + "rules", "{")
    server.ask("ZADD", GARDEN + "live", "5", "rubbish")
    server.ask("HSET", GARDEN + "profiles", "bob", "rubbish")
    for kind, read in reads:
        for _ in range(3):
            await read()
        assert counters.unreadable[kind] == 3
    await backend.close()
    said = capsys.readouterr()
    for kind, _ in reads:
        lines = [line for line in (said.out + said.err).splitlines() if "cannot be read" in line and kind in line]
        assert len(lines) == 1, lines
