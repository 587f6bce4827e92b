"""Pub/sub that is connected and delivers nothing: taken for a network that works, unless somebody tries it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults.crowd import agree, all_hear, crowd
from tests.support.processes import all_ready, processes
from tests.support.redis_proxy import Proxy
from tests.support.redis_server import Server, running
from tests.support.waiting import eventually

PROBE_S = 2.0


async def test_a_proxy_that_delivers_nothing_is_found_by_the_probe(folder: Path, redis: Server) -> None:
    proxy = Proxy(redis.port)
    probing = ("--redis-probe-seconds", f"{PROBE_S}")
    with (
        running(proxy),
        processes(folder, 1, proxy.url, *probing) as (behind,),
        processes(folder, 1, redis.url, *probing) as (direct,),
    ):
        async with crowd() as all_of:
            here, there = await all_of.enter(3, "garden", at=behind.url), await all_of.enter(3, "garden", at=direct.url)
            everyone = {person.user_id for person in all_of.people}
            await agree(all_of.people, everyone)

            # The control: an honest proxy, for many probes, raises no alarm.
            passed = proxy.probes
            while proxy.probes < passed + 4:
                assert (await behind.ready())[0] == (await direct.ready())[0] == 200
                await asyncio.sleep(0.1)
            await all_hear([here[0], there[0]], all_of.people)
            assert not any(person.notices for person in all_of.people)

            proxy.swallow = True
            began = time.monotonic()
            unheard = there[0].say("swallowed")
            while (answer := await behind.ready())[0] == 200:
                # That it is the first one, tests/contract/test_redis_faults.py shows.
                assert proxy.swallowed_probes <= 2, "probes are missing, and nobody says so"
                await asyncio.sleep(0.02)
            found_s = time.monotonic() - began
            print(f"found after {found_s:.2f} s, {found_s / PROBE_S:.2f} probe intervals")
            assert answer == (503, {"server": "ok", "redis": "ok", "pubsub": "down"})
            assert proxy.swallowed > 0
            assert not any((there[0].user_id, unheard) in person.messages for person in here), "it is a real silence"
            await eventually(lambda: all(person.notices == ["degraded"] for person in here), "everyone behind it told")
            await all_hear(here[:1], here)
            assert (await direct.ready())[0] == 200
            assert not any(person.notices for person in there), "nobody else is alarmed"

            # What came meanwhile is there once it delivers again, and everyone is still everywhere.
            meanwhile = there[0].say("said while nothing was delivered")
            proxy.swallow = False
            await all_ready(behind)
            await eventually(lambda: all(person.notices == ["degraded", "restored"] for person in here), "told again")
            await eventually(
                lambda: all((there[0].user_id, meanwhile) in person.messages for person in here), "what was said lives"
            )
            await agree(all_of.people, everyone)
            await all_hear([here[0], there[0]], all_of.people)
            assert not any(person.left() or person.closes for person in all_of.people)
