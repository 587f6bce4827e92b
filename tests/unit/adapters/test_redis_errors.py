"""What the Redis adapter does about errors that no real server can be made to produce at the right moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from asocial.adapters.redis.connection import Argument, Reply
from asocial.adapters.redis.leases import Leases
from asocial.adapters.redis.names import Names
from asocial.adapters.redis.pool import Pool
from asocial.adapters.redis.presence import RedisPresence
from asocial.adapters.redis.scripts import Script
from asocial.domain.profile import Profile
from asocial.ports import StoreUnavailable
from tests.support.waiting import eventually


class FakePool:
    """Answers each script as `answer` says, and remembers the arguments."""

    def __init__(self, answer: Callable[[str], Reply]) -> None:
        self.names = Names()
        self.calls: list[tuple[str, tuple[Argument, ...]]] = []
        self._answer = answer

    async def run(self, script: Script, _tag: str, _keys: Sequence[str], *arguments: Argument) -> Reply:
        self.calls.append((script.name, arguments))
        return self._answer(script.name)

    def connection(self, _tag: str) -> None:
        raise StoreUnavailable


def make_leases(pool: FakePool, lease_ms: int) -> Leases:
    return Leases(
        cast(Pool, pool), "process", lease_ms=lease_ms, keep_ms=1, on_lost=lambda: None, on_death=lambda: None
    )


async def test_a_lease_is_renewed_again_after_an_unexpected_error(capsys: pytest.CaptureFixture[str]) -> None:
    pool = FakePool(lambda _: "not what renew.lua returns" if len(pool.calls) == 1 else [1, 0])
    renewing = asyncio.create_task(make_leases(pool, lease_ms=30).run())
    await eventually(lambda: len(pool.calls) >= 3 or renewing.done(), "renewed again")
    assert not renewing.done()
    renewing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await renewing
    assert "cannot renew the lease" in "".join(capsys.readouterr())


async def test_a_departure_that_fails_while_earlier_ones_are_sent_is_sent_too() -> None:
    class Presence(RedisPresence):
        async def _abandon(self, channel: str, graces_ms: dict[str, int]) -> None:
            await super()._abandon(channel, graces_ms)
            if graces_ms.keys() == {"c1"}:
                await leave_in_an_outage("c2")

    away = False
    joined = [1, b"", b'{"name":"a","color":"rust"}', b"1", 1, b"", 1]
    replies: dict[str, Reply] = {"hint": 1, "renew": [1, 0], "join": joined, "abandon": 0}

    def answer(script: str) -> Reply:
        if away:
            raise StoreUnavailable
        return replies[script]

    pool = FakePool(answer)
    presence = Presence(cast(Pool, pool), make_leases(pool, 1000), ttl_ms=1000, linger_ms=1000)

    async def leave_in_an_outage(connection: str) -> None:
        nonlocal away
        away = True
        with pytest.raises(StoreUnavailable):
            await presence.leave("garden", connection)
        away = False

    for connection in ("c1", "c2"):
        await presence.join("garden", connection, "ann", Profile("a", "rust"), 1)
    await leave_in_an_outage("c1")
    await presence.resume()
    assert [arguments[1] for script, arguments in pool.calls if script == "abandon"] == ["c1", "c2"]
