"""Redis goes away, comes back empty, or hangs up on its subscribers, over and over, while people talk."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crowd import Person, agree, all_hear, crowd
from tests.support.client import Client, refusal
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import Server
from tests.support.server import http_get
from tests.support.waiting import eventually, eventually_is

GROWTH_MOST_BYTES = 20 * 1024 * 1024
KILLS = 50
OUTAGE_S = 20.0
UNLIMITED = ("--rate-limit-per-minute", "0")
LONG_LIVES = ("--message-ttl-per-character-ms", "200", "--message-ttl-max-seconds", "60")
"""Only long messages live longer, so that one said in an outage is not over before a slow machine is back."""
LONG = " and more, so that it lives for a minute" * 10


async def _chatter(people: list[Person], per_second: float) -> None:
    """They talk in turn, numbered messages, for ever."""
    for number in itertools.count():
        people[number % len(people)].say(f"message {number} of many, long enough to be like what people say")
        await asyncio.sleep(1 / per_second)


async def _stopped(task: asyncio.Task[None]) -> None:
    assert not task.done(), task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _nobody_lacks_any(people: list[Person]) -> bool:
    """Everything that was acknowledged has reached everyone else."""
    said = [(author, (author.user_id, message_id)) for author in people for message_id in author.acked]
    return all(name in reader.messages for author, name in said for reader in people if reader is not author)


async def test_delivery_resumes_each_of_fifty_times_that_subscribers_are_killed(folder: Path, redis: Server) -> None:
    with processes(folder, 2, redis.url, *UNLIMITED) as (one, two):
        async with crowd() as all_of:
            here, there = await all_of.enter(5, "garden", at=one.url), await all_of.enter(5, "garden", at=two.url)
            everyone = {person.user_id for person in all_of.people}
            await agree(all_of.people, everyone)
            talking = asyncio.create_task(_chatter(all_of.people, 100))
            took = []
            for _ in range(KILLS):
                killed = await asyncio.to_thread(redis.ask, "CLIENT", "KILL", "TYPE", "pubsub")
                assert killed == 2, "a subscriber of each process"
                # Said after the kill, and heard on the other side: delivery as people see it.
                took.append(await all_hear([here[0], there[0]], [here[1], there[1]]))
                # On to the next once they are whole, so that each kill hits both.
                await all_ready(one, two)
                told = 2 * len(took)
                await eventually(lambda n=told: all(len(p.notices) == n for p in all_of.people), "told of it")  # type: ignore[misc]
            print(f"delivery resumed after {max(took):.2f} s at worst, {sum(took) / KILLS:.2f} s on average")
            await _stopped(talking)
            # No message was lost in any of them: what the channel missed, the snapshot after it brought.
            await eventually(lambda: _nobody_lacks_any(all_of.people), "every message everywhere")
            await agree(all_of.people, everyone)
            for person in all_of.people:
                assert person.notices == ["degraded", "restored"] * KILLS, "the control: each was a real interruption"
                assert not person.left(), "nobody was seen leaving"
                assert not person.closes
                assert not person.errors


async def test_redis_gone_for_20_s_and_back_empty(folder: Path, redis: Server) -> None:
    with processes(folder, 2, redis.url, *UNLIMITED, *LONG_LIVES) as (one, two):
        async with crowd() as all_of:
            here, there = await all_of.enter(20, "garden", at=one.url), await all_of.enter(20, "garden", at=two.url)
            everyone = {person.user_id for person in all_of.people}
            await agree(all_of.people, everyone)
            talking = asyncio.create_task(_chatter(all_of.people, 150))
            await asyncio.sleep(5)  # so that what talk itself needs is there before memory is measured
            assert not any(person.notices for person in all_of.people), "the control: nothing told while all is well"
            before = {process: process.rss_bytes() for process in (one, two)}

            redis.stop()
            stopped = time.monotonic()
            await eventually(lambda: all(p.notices == ["degraded"] for p in all_of.people), "everyone told")
            for process in (one, two):
                assert await process.ready() == (503, {"server": "ok", "redis": "down", "pubsub": "down"})
            newcomer = (await all_of.enter(1, "garden", at=one.url))[0]
            assert newcomer.notices == ["degraded"]
            while time.monotonic() < stopped + OUTAGE_S:
                await all_hear(here[:2], [*here, newcomer])
                await all_hear(there[:2], there)
                assert not any(person.errors for person in all_of.people)
                await asyncio.sleep(1)
            # The control: across, nothing came; it is a real outage that people talked through.
            only_here = here[0].say("said while redis was away" + LONG)
            only_there = there[0].say("said there while redis was away" + LONG)
            await eventually(lambda: only_here in here[0].acked and only_there in there[0].acked, "acknowledged")
            assert not any((here[0].user_id, only_here) in person.messages for person in there)
            leaver = here.pop()
            leaver.leave()
            peak = {process: process.rss_bytes() for process in (one, two)}

            await asyncio.to_thread(redis.start)
            back = time.monotonic()
            everybody = [*here, *there, newcomer]
            await agree(everybody, (p.user_id for p in everybody))
            rosters_s = time.monotonic() - back
            await all_hear([here[0], there[0]], everybody)
            whole_s = time.monotonic() - back
            await all_ready(one, two)
            print(f"rosters right after {rosters_s:.2f} s, delivery whole and ready after {whole_s:.2f} s")
            # What was said meanwhile and lives has come across, in both directions.
            for author, message_id, others in ((here[0], only_here, there), (there[0], only_there, here)):
                await eventually(
                    lambda a=author, m=message_id, o=others: all((a.user_id, m) in p.messages for p in o),  # type: ignore[misc]
                    "what was said meanwhile",
                )
            assert all(person.notices == ["degraded", "restored"] for person in everybody), "told once each"
            await _stopped(talking)
            for process in (one, two):
                most = max(peak[process], process.rss_bytes()) - before[process]
                print(f"process {process.number} grew by {most / 2**20:.1f} MiB from {before[process] / 2**20:.0f}")
                assert most < GROWTH_MOST_BYTES
            assert not any(person.closes for person in everybody), "no connection was closed"


async def test_people_who_come_and_go_while_redis_is_cut_off_are_right_afterwards(folder: Path, redis: Server) -> None:
    """Redis itself stays, and remembers: what it remembers wrongly must go, and nothing else."""
    with processes(folder, 2, redis.url) as (one, two):
        async with crowd() as all_of:
            stay = await all_of.enter(4, "garden", at=one.url) + await all_of.enter(4, "garden", at=two.url)
            leaving, breaking = await all_of.enter(2, "garden", at=one.url)
            await agree(all_of.people, (p.user_id for p in all_of.people))
            redis.pause()
            await eventually(lambda: all("degraded" in p.notices for p in all_of.people), "everyone told")
            coming = (await all_of.enter(1, "garden", at=two.url))[0]
            changing = stay[0]
            changing.send({"type": "profile", "name": "Changed Meanwhile", "color": "teal"})
            leaving.leave()
            breaking.vanish()
            await asyncio.sleep(2)
            redis.go_on()
            there = [*stay, coming]
            await eventually(lambda: all("restored" in p.notices for p in there), "everyone told")
            # Who broke off has its grace; who left is gone at once.
            await agree(there, (p.user_id for p in there))
            for person in there:
                assert person.left()[changing.user_id] == 0
            late = (await all_of.enter(1, "garden", at=two.url))[0]
            assert late.names[changing.user_id] == "Changed Meanwhile"
            assert all(p.names[changing.user_id] == "Changed Meanwhile" for p in there)


@pytest.mark.parametrize("lost", ["everything", "a channel", "conns", "expiry", "users", "profiles", "joined", "stamp"])
async def test_people_whom_a_running_redis_loses_are_back_soon(folder: Path, redis: Server, lost: str) -> None:
    """It evicts keys when its memory is full, or an operator empties it. No connection ends, so no outage shows it."""
    with processes(folder, 2, redis.url, "--heartbeat-seconds", "0.5") as (one, two):
        async with crowd() as all_of:
            here, there = await all_of.enter(3, "garden", at=one.url), await all_of.enter(3, "garden", at=two.url)
            everyone = {person.user_id for person in all_of.people}
            await agree(all_of.people, everyone)
            changing = here[0]
            changing.send({"type": "profile", "name": "New Name", "color": "teal"})
            await eventually(lambda: all(p.names.get(changing.user_id) == "New Name" for p in there), "renamed")
            if lost == "everything":
                await asyncio.to_thread(redis.ask, "FLUSHALL")
            else:
                which = "*" if lost == "a channel" else lost
                keys = await asyncio.to_thread(redis.ask, "KEYS", f"asocial:{{garden}}:{which}")
                assert isinstance(keys, list)
                assert len(keys) == 1 or (lost == "a channel" and len(keys) > 5), "the control"
                await asyncio.to_thread(redis.ask, "DEL", *map(str, keys))
            entering = (all_of.enter(4, "garden", at=process.url) for process in (one, two))
            newcomers = [person for some in await asyncio.gather(*entering) for person in some]
            everyone |= {person.user_id for person in newcomers}
            await agree(all_of.people, everyone)
            await all_hear([here[0], there[0], *newcomers], all_of.people)
            assert all(person.names[changing.user_id] == "New Name" for person in all_of.people)
            assert not any(person.left() or person.closes for person in all_of.people), "nobody was seen leaving"
            if lost != "everything":
                assert not any(person.notices for person in all_of.people), "there was no outage"
            leaver = there[0]
            leaver.leave()
            await agree([person for person in all_of.people if person is not leaver], everyone - {leaver.user_id})


async def test_a_channel_whose_rules_redis_lost_cannot_be_taken_for_good(folder: Path, redis: Server) -> None:
    """Its owner's process is suspended meanwhile, and the other one knows nothing of the channel."""
    with processes(folder, 2, redis.url) as (one, two):
        async with crowd() as all_of:
            owner = (await all_of.enter(1, "garden", at=one.url))[0]
            assert await _claim(one, owner) == 200
            owner.send({"type": "moderate", "action": "private", "on": True})
            await eventually(lambda: _rules(redis).get("private"), "private")
            one.signal(signal.SIGSTOP)
            await asyncio.to_thread(redis.ask, "FLUSHALL")
            stranger = (await all_of.enter(1, "garden", at=two.url, comes_back=False))[0]
            await eventually_is(lambda: _claim(two, stranger), 200)
            for slow_ms in (1000, 2000, 3000, 4000):
                stranger.send({"type": "moderate", "action": "slow", "slow_ms": slow_ms})
            await eventually(lambda: _rules(redis).get("slow_ms") == 4000, "the control: newer rules")
            one.signal(signal.SIGCONT)
            await eventually(lambda: _rules(redis).get("owner") == owner.user_id, "the owner owns it again")
            await eventually(lambda: stranger.closes, "the stranger is sent away")
            for process in (one, two):
                path, headers = "/api/channels/garden", {"Authorization": f"Bearer {stranger.token}"}
                assert (await http_get(process.port, path, headers)).status == 403
            assert _rules(redis)["private"]
            assert owner.closes == []


async def test_a_claimed_user_id_that_redis_lost_cannot_be_taken(folder: Path, redis: Server) -> None:
    """Alice's process is suspended meanwhile, and the other one knows nothing of her."""
    with processes(folder, 2, redis.url, "--heartbeat-seconds", "1") as (one, two):
        alice = await Client.connect(one.url, channel="garden", uid="alice")
        one.signal(signal.SIGSTOP)
        await asyncio.to_thread(redis.ask, "FLUSHALL")
        stranger = await Client.connect(two.url, channel="garden", uid="alice")
        assert stranger.user_id == "alice", "the control"
        one.signal(signal.SIGCONT)
        assert (await stranger.closed()).code == 4001
        for token in ({}, {"token": stranger.token}):
            for process in (one, two):
                assert (await refusal(process.url, channel="garden", uid="alice", **token)).code == "uid_taken"
        again = await Client.connect(two.url, channel="garden", token=alice.token)
        assert again.user_id == "alice"
        await alice.chat("still alice")
        assert (await again.receive("chat"))["user_id"] == "alice"
        await alice.close()
        await again.close()


async def _claim(process: Process, person: Person) -> int:
    headers = {"Authorization": f"Bearer {person.token}"}
    return (await http_get(process.port, f"/api/channels/{person.channel}", headers, method="POST")).status


def _rules(redis: Server) -> dict[str, Any]:
    """The rules of the channel `garden`."""
    stored = json.loads(str(redis.ask("GET", "asocial:{garden}:rules") or "{}"))
    assert isinstance(stored, dict)
    return stored


@pytest.mark.parametrize("renaming", ["here", "there"])
async def test_who_changed_their_name_keeps_it_when_redis_comes_back_empty(
    folder: Path, redis: Server, renaming: str
) -> None:
    """In two tabs, on two processes, of which one only heard of it: either may be the first to register the user."""
    with processes(folder, 2, redis.url) as (one, two):
        async with crowd() as all_of:
            tab = (await all_of.enter(1, "garden", at=one.url))[0]
            other = (await all_of.enter(1, "garden", at=two.url, token=tab.token))[0]
            readers = await all_of.enter(1, "garden", at=one.url) + await all_of.enter(1, "garden", at=two.url)
            (tab if renaming == "here" else other).send({"type": "profile", "name": "New Name", "color": "teal"})
            await eventually(lambda: all(p.names.get(tab.user_id) == "New Name" for p in all_of.people), "renamed")
            redis.stop()
            await eventually(lambda: all(p.notices == ["degraded"] for p in all_of.people), "everyone told")
            await asyncio.to_thread(redis.start)
            await eventually(lambda: all("restored" in p.notices for p in all_of.people), "everyone told")
            await agree(all_of.people, (p.user_id for p in all_of.people))
            newcomers = await all_of.enter(1, "garden", at=one.url) + await all_of.enter(1, "garden", at=two.url)
            for person in (*readers, *newcomers):
                await eventually(lambda p=person: p.names[tab.user_id] == "New Name", "the name kept")  # type: ignore[misc]
            said = [tab.say("signed"), other.say("signed too")]
            await eventually(lambda: all((tab.user_id, m) in readers[0].messages for m in said), "heard")
            assert {readers[0].messages[tab.user_id, m].name for m in said} == {"New Name"}


@pytest.mark.parametrize("crowded", [False, True])
async def test_started_without_redis_a_process_serves_its_own_and_joins_the_others_later(
    folder: Path, crowded: bool
) -> None:
    redis = Server(folder)
    flags = ("--roster-limit", "10") if crowded else ()
    with processes(folder, 2, redis.url, *flags) as (one, two):
        async with crowd() as all_of:
            here, there = await all_of.enter(8, "garden", at=one.url), await all_of.enter(8, "garden", at=two.url)
            assert all(person.notices == ["degraded"] for person in all_of.people)
            await all_hear(here, here)
            try:
                await asyncio.to_thread(redis.start)
                await all_ready(one, two)
                await all_hear([here[0], there[0]], all_of.people)
                await eventually(lambda: all(p.count == 16 for p in all_of.people), "everyone counted")
                if not crowded:
                    await agree(all_of.people, (p.user_id for p in all_of.people))
            finally:
                redis.stop()
