"""Tests for the Redis limiter only: claims between processes, outages, floods of refused messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from asocial.adapters.redis.backend import RedisBackend
from asocial.adapters.redis.limiter import MAX_ASKED_REFUSALS
from asocial.domain.admission import Duplicate, MessageLimits, Posting, Verdict
from tests.support.redis_backend import make_backend
from tests.support.redis_server import Server, running
from tests.support.store_events import IgnoreStoreEvents
from tests.support.waiting import eventually_is
from tests.support.wall_clock import wall_ms

from .conftest import ADAPTERS, Adapters, RedisAdapters

NO_LIMITS = MessageLimits()


def chat(
    message_id: str,
    text: str = "hi",
    *,
    user: str = "ann",
    channel: str = "garden",
    address: str = "",
    life_ms: int = 5000,
) -> Posting:
    now = wall_ms()
    return Posting("chat", channel, user, address, message_id, 0, now, now + life_ms, text)


async def two_limiters(server: Server) -> tuple[RedisAdapters, RedisBackend, RedisBackend]:
    server.ask("FLUSHALL")
    adapters = RedisAdapters(server.url)
    return adapters, await adapters.backend(), await adapters.backend()


@pytest.fixture(params=["redis", "cluster", "sentinel"])
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[Adapters]:
    made = ADAPTERS[request.param](request)
    yield made
    await made.close()


async def test_w10_the_first_message_with_an_id_keeps_it_on_every_process(shared: Adapters) -> None:
    one, two = await shared.limiter(), await shared.limiter()
    first = chat("m")
    assert await one.admit(first, NO_LIMITS) == Verdict()
    for limiter in (two, one):
        again = await limiter.admit(chat("m"), NO_LIMITS)
        assert again.duplicate is not None
        assert again.duplicate[:2] == (first.timestamp, first.expires_at)
    others = (chat("m2"), chat("m", user="bob"), chat("m", channel="kitchen"))
    assert [(await two.admit(each, NO_LIMITS)).duplicate for each in others] == [None] * 3


async def test_w10_one_of_many_concurrent_sends_wins_and_counts_once(shared: Adapters) -> None:
    limiters = [await shared.limiter(), await shared.limiter()]
    limits = MessageLimits(user_per_minute=2)
    verdicts = await asyncio.gather(*(limiters[n % 2].admit(chat("m"), limits) for n in range(20)))
    assert sum(verdict.duplicate is None for verdict in verdicts) == 1
    assert {verdict.wait_ms for verdict in verdicts} == {0}
    assert [(await limiters[0].admit(chat(m), limits)).wait_ms == 0 for m in ("m2", "m3")] == [True, False]
    again = await limiters[1].admit(chat("m"), limits)
    assert again.duplicate is not None, "the answer to a message sent again needs no place"


async def test_w10_a_message_id_is_free_after_its_message(shared: Adapters) -> None:
    limiter = await shared.limiter()
    first = chat("m", life_ms=200)
    assert (await limiter.admit(first, NO_LIMITS)).duplicate is None

    async def known() -> Duplicate | None:
        return (await limiter.admit(chat("m", life_ms=200), NO_LIMITS)).duplicate

    await eventually_is(known, None, patience_s=5)


async def test_w10_a_message_that_was_posted_is_not_lost(shared: Adapters) -> None:
    one, two = await shared.limiter(), await shared.limiter()
    first = chat("m")
    await one.admit(first, NO_LIMITS)
    one.posted(first)
    known = (await two.admit(chat("m"), NO_LIMITS)).duplicate
    assert known is not None
    assert not await two.is_lost(chat("m"))

    async def sure() -> bool:
        found = (await two.admit(chat("m"), NO_LIMITS)).duplicate
        return found is not None and found.confirmed

    await eventually_is(sure, True, patience_s=5)


async def test_w10_a_message_whose_process_died_before_posting_it_is_posted_by_the_next(redis_server: Server) -> None:
    adapters, died, next_one = await two_limiters(redis_server)
    await died.limiter.admit(chat("m"), NO_LIMITS)  # and nothing more is heard of it
    known = (await next_one.limiter.admit(chat("m"), NO_LIMITS)).duplicate
    assert known is not None
    assert not known.confirmed
    assert await next_one.limiter.is_lost(chat("m"))
    assert not await next_one.limiter.is_lost(chat("m", "another text")), "only what was claimed may be said"
    await adapters.close()


async def test_w10_a_message_that_is_being_posted_is_not_lost(redis_server: Server) -> None:
    adapters, first, second = await two_limiters(redis_server)
    claimed = chat("m")
    await first.limiter.admit(claimed, NO_LIMITS)
    asked = asyncio.create_task(second.limiter.is_lost(chat("m")))
    await asyncio.sleep(0.05)
    first.limiter.posted(claimed)
    assert not await asked
    await adapters.close()


async def test_w10_a_process_that_ends_confirms_what_it_posted(redis_server: Server) -> None:
    adapters, ending, other = await two_limiters(redis_server)
    claimed = chat("m")
    await ending.limiter.admit(claimed, NO_LIMITS)
    ending.limiter.posted(claimed)
    await ending.close()
    known = (await other.limiter.admit(chat("m"), NO_LIMITS)).duplicate
    assert known is not None
    assert known.confirmed
    await adapters.close()


async def test_w72_while_redis_is_away_a_process_limits_by_itself(folder: Path) -> None:
    limits = MessageLimits(user_per_minute=3, address_per_minute=3)
    server = Server(folder)
    with running(server):
        backend = make_backend(server.url)
        await backend.start(IgnoreStoreEvents())
        first = chat("m0", address="192.0.2.1")
        assert (await backend.limiter.admit(first, limits)).duplicate is None
        server.stop()
        # An outage is no second allowance.
        verdicts = [
            await backend.limiter.admit(chat(f"m{number}", address="192.0.2.1"), limits) for number in range(1, 5)
        ]
        assert [verdict.wait_ms == 0 for verdict in verdicts] == [True, True, False, False]
        assert await backend.limiter.is_lost(first), "nobody can tell: the process posts it itself"
        backend.limiter.posted(first)
        await backend.close()


async def test_w72_a_flood_of_refused_messages_does_not_reach_redis(redis_server: Server) -> None:
    adapters, backend, _ = await two_limiters(redis_server)
    limits = MessageLimits(user_per_minute=1)
    redis_server.ask("CONFIG", "RESETSTAT")
    verdicts = [await backend.limiter.admit(chat(f"m{number}"), limits) for number in range(500)]
    assert [verdict.wait_ms > 0 for verdict in verdicts] == [False] + [True] * 499
    waits = [verdict.wait_ms for verdict in verdicts[1:]]
    assert all(0 < wait_ms <= 60_000 for wait_ms in waits)
    stats = str(redis_server.ask("INFO", "commandstats"))
    calls = int(stats.partition("cmdstat_evalsha:calls=")[2].partition(",")[0])
    assert calls <= MAX_ASKED_REFUSALS + 5, "the first message, the refusals, and what keeps a backend alive"
    await adapters.close()


async def test_w72_one_decision_is_one_command(redis_server: Server) -> None:
    adapters, backend, _ = await two_limiters(redis_server)
    limits = MessageLimits(user_per_minute=1000, address_per_minute=1000, channel_per_second=1000)
    redis_server.ask("CONFIG", "RESETSTAT")
    for number in range(50):
        await backend.limiter.admit(chat(f"m{number}", address="192.0.2.1"), limits)
    stats = str(redis_server.ask("INFO", "commandstats"))
    calls = int(stats.partition("cmdstat_evalsha:calls=")[2].partition(",")[0])
    assert 50 <= calls <= 55
    await adapters.close()


async def test_w72_all_keys_expire(redis_server: Server) -> None:
    adapters, backend, _ = await two_limiters(redis_server)
    limits = MessageLimits(user_per_minute=1000, address_per_minute=1000, channel_per_second=1000)
    posting = replace(chat("m", address="192.0.2.1"), slow_ms=1000)
    await backend.limiter.admit(posting, limits)
    await backend.limiter.admit(replace(posting, kind="draft", message_id="d", user_id="bob"), limits)
    keys = redis_server.ask("KEYS", "asocial:{limits}:*")
    assert isinstance(keys, list)
    assert len(keys) >= 8
    assert [key for key in keys if redis_server.ask("PTTL", key) == -1] == []
    await adapters.close()


async def test_w72_unreadable_limit_entries_count_as_absent(redis_server: Server) -> None:
    adapters, backend, _ = await two_limiters(redis_server)
    limits = MessageLimits(user_per_minute=10, address_per_minute=10, channel_per_second=10)
    first = replace(chat("m", address="192.0.2.1"), slow_ms=1000)
    assert (await backend.limiter.admit(first, limits)).wait_ms == 0
    keys = redis_server.ask("KEYS", "asocial:{limits}:*")
    assert isinstance(keys, list)
    for number, key in enumerate(keys):
        for command in ("SET", "SADD"):
            redis_server.ask("DEL", key)
            redis_server.ask(command, key, "?")
            verdict = await backend.limiter.admit(replace(first, message_id=f"{command}{number}"), limits)
            assert verdict.duplicate is None
    stats = str(redis_server.ask("INFO", "commandstats"))
    assert "failed_calls=0" in stats.partition("cmdstat_evalsha:")[2].partition("\\r")[0]
    assert (await backend.limiter.admit(replace(first, user_id="bob"), limits)).wait_ms == 0
    redis_server.ask("SET", "asocial:{limits}:claim:garden:ann:x", "no claim of ours")
    assert (await backend.limiter.admit(replace(first, message_id="x"), limits)).duplicate is None
    await adapters.close()
