"""Processes that end: killed at once, stopped in order one after another, or only stopped for a while."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from asocial.adapters.redis.leases import CLAIM_MS
from asocial.config import load
from asocial.domain.profile import Profile
from asocial.lifecycle import SWEEP_S
from asocial.ports import Batch
from asocial.protocol.codec import pack
from asocial.protocol.schema import UserJoined
from asocial.service.participant import PAUSE_S
from tests.faults.crowd import Person, agree, all_hear, crowd, wall_ms
from tests.support.client import Client, chat_url
from tests.support.processes import Process, processes
from tests.support.redis_backend import make_backend
from tests.support.redis_proxy import Proxy
from tests.support.redis_server import Server, running
from tests.support.server import metric, until_metric
from tests.support.store_events import IgnoreStoreEvents
from tests.support.waiting import LONG_LEASE_MS, eventually, eventually_is
from tests.support.websocket_bytes import upgrade_request

GONE_WITHIN_S = 30.0
"""What is promised: a killed process's people are seen leaving within this time."""
RESTART_GRACE_S = 25.0
"""The grace in a rolling restart: more than the default, because a busy machine is slow to start a process, and to
connect 300 people again."""
PROPAGATION_MS = 1000
"""A message may be on its way this long before a client that was cut off counts as having missed it."""


async def test_a_killed_process_shows_one_user_left_per_person_and_no_more(folder: Path, redis: Server) -> None:
    with processes(folder, 3, redis.url, "--roster-limit", "400") as (doomed, second, third):
        async with crowd() as all_of:
            watchers = await all_of.enter(15, "garden", at=second.url) + await all_of.enter(15, "garden", at=third.url)
            lost = await all_of.enter(200, "garden", at=doomed.url, comes_back=False)
            # The control: these were on the killed process too and come back elsewhere at once; nobody sees them leave.
            moving = await all_of.enter(5, "garden", at=doomed.url)
            for person in moving:
                person.urls = lambda: [second.url, third.url]
            everyone = {person.user_id for person in all_of.people}
            await agree(watchers, everyone)

            doomed.kill()
            killed = time.monotonic()
            names = {person.user_id for person in lost}
            await eventually(lambda: all(names <= w.left_at_s.keys() for w in watchers), "everyone gone")
            worst_s = max(max(watcher.left_at_s.values()) for watcher in watchers) - killed
            print(f"user_left of 200 after {worst_s:.1f} s")
            # A second telling would come with a later sweep; a newcomer shows that all is told by then.
            for process in (second, third):
                await _sweeps(process, 2)
            newcomers = await all_of.enter(1, "garden", at=second.url) + await all_of.enter(1, "garden", at=third.url)
            staying = watchers + moving + newcomers
            await agree(staying, (person.user_id for person in staying))
            for watcher in watchers:
                assert watcher.left() == Counter(names), "each once, and nobody else"
                assert all(watcher.said["user_joined", person.user_id] <= 1 for person in moving)
            assert not any(watcher.errors for watcher in watchers)
            await all_hear([watchers[0], watchers[-1], *moving], staying)


async def test_what_a_process_removed_and_could_not_tell_is_told_by_the_others(folder: Path, redis: Server) -> None:
    """Killed between the script that removes somebody and the publish that says so: once a ghost, found by seed 37."""
    with processes(folder, 2, redis.url) as pair:
        async with crowd() as all_of:
            watchers = [(await all_of.enter(1, "garden", at=process.url))[0] for process in pair]
            doomed = make_backend(redis.url, lease_ms=LONG_LEASE_MS)
            await doomed.start(IgnoreStoreEvents())
            joined = await doomed.presence.join("garden", "c1", "ghost", Profile("sly fox", "rust"), 1)
            told = UserJoined("event", "garden", 1, "ghost", "sly fox", "rust", 1, *joined.stamp)
            doomed.broker.publish("garden", Batch(pack(told), b""))
            await agree(watchers, {"ghost", *(watcher.user_id for watcher in watchers)})
            assert await doomed.presence.leave("garden", "c1")
            # The control: as long as it lives, it may still say so itself.
            for process in pair:
                await _sweeps(process, 2)
            assert all("ghost" in watcher.names for watcher in watchers)
            doomed._leases._lease_ms = 1
            await doomed._leases.renew()  # it runs out now
            await doomed.close()
            await agree(watchers, {watcher.user_id for watcher in watchers})


async def test_a_process_that_only_slept_is_back_with_everyone(folder: Path, redis: Server) -> None:
    with processes(folder, 2, redis.url) as (sleeper, awake):
        async with crowd() as all_of:
            watchers = await all_of.enter(5, "garden", at=awake.url)
            sleeping = await all_of.enter(20, "garden", at=sleeper.url)
            names = {person.user_id for person in sleeping}
            everyone = {person.user_id for person in all_of.people}
            await agree(all_of.people, everyone)

            # The control: shorter than its lease, and nobody is seen leaving.
            sleeper.signal(signal.SIGSTOP)
            await asyncio.sleep(6)
            sleeper.signal(signal.SIGCONT)
            await all_hear(watchers[:1] + sleeping[:1], all_of.people)
            assert not any(watcher.left() for watcher in watchers)

            sleeper.signal(signal.SIGSTOP)
            await eventually(lambda: all(watcher.left() == Counter(names) for watcher in watchers), "seen leaving")
            sleeper.signal(signal.SIGCONT)
            await agree(all_of.people, everyone)
            assert all(watcher.left() == Counter(names) for watcher in watchers), "once each"
            assert not any(person.closes for person in all_of.people), "no connection was closed"
            await all_hear([watchers[0], sleeping[0]], all_of.people)


async def test_w24_a_process_that_slept_undoes_no_later_profile_or_cursor(folder: Path, redis: Server) -> None:
    """What its client had sent before it moved to another process. Found by the fuzz, seed 35."""
    with processes(folder, 2, redis.url) as (sleeper, awake):
        bob = await Client.connect(awake.url, channel="garden")
        ann = await Client.connect(sleeper.url, channel="garden")
        await ann.cursor((1, 1))
        await bob.receive("cursors", where=lambda frame: frame["cursors"] == [[ann.user_id, 1, 1]])
        sleeper.signal(signal.SIGSTOP)
        await eventually(lambda: _is_stopped(sleeper.pid), "stopped")
        await ann.cursor((2, 2))
        await ann.profile("Old name", "rust")
        ann.abort()
        again = await Client.connect(awake.url, channel="garden", token=ann.token)
        await again.cursor((3, 3))
        await again.profile("New name", "moss")
        await bob.receive("user_updated", where=lambda frame: frame["name"] == "New name")
        await asyncio.sleep(4 * PAUSE_S)
        sleeper.signal(signal.SIGCONT)
        await eventually_is(lambda: metric(sleeper.port, "websocket_connections_active"), 0)
        # What the sleeper sent has arrived before this.
        late = await Client.connect(sleeper.url, channel="garden")
        await late.chat("here", message_id="m")
        await bob.receive("chat")
        assert not bob.waiting("user_updated")
        assert [frame["cursors"] for frame in bob.waiting("cursors")] == [[[ann.user_id, 3, 3]]]
        names = {user["user_id"]: user["name"] for user in (await bob.resync())["users"]}
        assert names[ann.user_id] == "New name"
        for client in (bob, again, late):
            await client.close()


async def test_w15_a_process_that_slept_leaves_no_draft_of_a_client_that_left(folder: Path, redis: Server) -> None:
    with processes(folder, 2, redis.url) as (sleeper, awake):
        bob = await Client.connect(awake.url, channel="garden")
        broken = await Client.connect(sleeper.url, channel="garden")
        closing = await Client.connect(sleeper.url, channel="garden")
        await closing.typing("h", message_id="closing")
        await bob.receive("typing")
        sleeper.signal(signal.SIGSTOP)
        await eventually(lambda: _is_stopped(sleeper.pid), "stopped")
        # Both are still present, elsewhere: no `user_left` ends their drafts.
        elsewhere = [await Client.connect(awake.url, channel="garden", token=who.token) for who in (broken, closing)]
        await broken.typing("hi", message_id="broken")
        broken.abort()
        await closing.typing("hi", message_id="closing")
        closed = asyncio.create_task(closing.close())
        await asyncio.sleep(4 * PAUSE_S)
        sleeper.signal(signal.SIGCONT)
        await closed
        await eventually_is(lambda: metric(sleeper.port, "websocket_connections_active"), 0)
        # What the sleeper sent has arrived before this.
        late = await Client.connect(sleeper.url, channel="garden")
        await late.chat("here", message_id="m")
        await bob.receive("chat")
        drafts = {frame["message_id"]: frame["payload"] for frame in bob.waiting("typing")}
        assert drafts == {"closing": ""}
        for client in (bob, late, *elsewhere):
            await client.close()


async def test_w24_a_change_in_an_outage_undoes_no_later_one_made_elsewhere(folder: Path, redis: Server) -> None:
    """Its user has no connection any more on the process that was cut off."""
    proxy = Proxy(redis.port)
    with (
        running(proxy),
        processes(folder, 1, proxy.url) as (cut_off,),
        processes(folder, 1, redis.url) as (other,),
    ):
        bob = await Client.connect(other.url, channel="garden")
        witness = await Client.connect(cut_off.url, channel="garden")
        ann, eve = [await Client.connect(cut_off.url, channel="garden") for _ in range(2)]
        proxy.cut()
        await witness.receive("degraded")
        for who in (ann, eve):
            await who.profile("Sooner", "rust")
            await who.receive("user_updated")
            await who.close()
        again, control = [await Client.connect(other.url, channel="garden", token=who.token) for who in (ann, eve)]
        await again.profile("Later", "moss")
        await bob.receive("user_updated")
        proxy.refuse = False
        await witness.receive("restored")
        # The control: the change of somebody who made no later one arrives.
        updated = await bob.receive("user_updated")
        assert (updated["user_id"], updated["name"]) == (eve.user_id, "Sooner")
        names = {user["user_id"]: user["name"] for user in (await bob.resync())["users"]}
        assert (names[ann.user_id], names[eve.user_id]) == ("Later", "Sooner")
        for who, name in ((again, "Later"), (control, "Sooner")):
            await who.chat("here")
            assert (await bob.receive("chat"))["name"] == name
        assert not bob.waiting("user_updated")
        for client in (bob, witness, again, control):
            await client.close()


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_w18_a_handshake_that_its_client_gave_up_shows_nobody(folder: Path, redis: Server, store: str) -> None:
    """It waited while the process slept; its client is elsewhere by now. Found by the fuzz, seed 9."""
    with processes(folder, 1, redis.url if store == "redis" else "") as (sleeper,):
        bob = await Client.connect(sleeper.url, channel="garden")
        sleeper.signal(signal.SIGSTOP)
        await eventually(lambda: _is_stopped(sleeper.pid), "stopped")
        for number in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", sleeper.port)
            writer.write(upgrade_request(chat_url(sleeper.url, channel="garden", uid=f"gone-{number}")))
            await writer.drain()
            writer.close()
        sleeper.signal(signal.SIGCONT)
        # The control: it waits behind all the others.
        late = await Client.connect(sleeper.url, channel="garden")
        joined = await bob.receive("user_joined")
        assert joined["user_id"] == late.user_id
        await eventually_is(lambda: metric(sleeper.port, "websocket_connections_active"), 2)
        assert {user["user_id"] for user in (await bob.resync())["users"]} == {bob.user_id, late.user_id}
        assert not bob.waiting("user_joined")
        for client in (bob, late):
            await client.close()


async def test_a_process_cut_off_from_redis_past_its_lease_is_back_with_everyone(folder: Path, redis: Server) -> None:
    proxy = Proxy(redis.port)
    with (
        running(proxy),
        processes(folder, 1, proxy.url) as (cut_off,),
        processes(folder, 1, redis.url) as (other,),
    ):
        async with crowd() as all_of:
            there = await all_of.enter(5, "garden", at=other.url)
            here = await all_of.enter(20, "garden", at=cut_off.url)
            await agree(all_of.people, (p.user_id for p in all_of.people))
            names = {person.user_id for person in here}
            proxy.cut()
            await eventually(lambda: all(person.notices == ["degraded"] for person in here), "everyone told")
            leaver, *here = here
            leaver.leave()
            here += await all_of.enter(1, "garden", at=cut_off.url)
            await all_hear(here[:2], here)
            await eventually(
                lambda: all(person.left() == Counter(names) for person in there),
                "seen leaving",
            )
            await agree(there, (p.user_id for p in there))
            proxy.refuse = False
            await agree([*here, *there], (p.user_id for p in [*here, *there]))
            await all_hear([here[0], there[0]], [*here, *there])
            assert all(person.left() == Counter(names) for person in there), "once each"
            assert not any(person.notices for person in there), "nobody else had an outage"
            assert not any(person.closes for person in [*here, *there])


@pytest.mark.parametrize("state", ["hanging", "gone"])
async def test_a_process_told_to_stop_without_redis_sends_everyone_away_and_exits_with_0(
    folder: Path, redis: Server, state: str
) -> None:
    with processes(folder, 1, redis.url, "--reconnect-spread-seconds", "1") as (process,):
        async with crowd() as all_of:
            people = await all_of.enter(20, "garden", at=process.url, comes_back=False)
            redis.pause() if state == "hanging" else redis.stop()
            # These are on their way in while Redis keeps the server waiting, and it is told to stop.
            entering = asyncio.create_task(all_of.enter(20, "garden", at=process.url, comes_back=False))
            await asyncio.sleep(0.3)
            began = time.monotonic()
            code = await process.terminated()
            took_s = time.monotonic() - began
            entering.cancel()
            await asyncio.gather(entering, return_exceptions=True)
            print(f"redis {state}: exit {code} after {took_s:.1f} s")
            assert code == 0
            for person in all_of.people:
                assert person.closes == [4001] or (person not in people and not person.closes), person.story


async def test_a_rolling_restart_of_three_processes_shows_nobody_leaving(folder: Path, redis: Server) -> None:
    flags = ("--reconnect-spread-seconds", "3", "--rate-limit-per-minute", "0", "--grace-seconds", str(RESTART_GRACE_S))
    with processes(folder, 3, redis.url, *flags) as trio:
        async with crowd(*(process.url for process in trio)) as all_of:
            channels = ("garden", "kitchen", "attic")
            people = {channel: await all_of.enter(100, channel) for channel in channels}
            rolling = list(all_of.people)
            # The control: people who do not come back are the ones who are seen leaving.
            quitters = {channel: (await all_of.enter(1, channel, comes_back=False))[0] for channel in channels}
            for channel in channels:
                await agree(people[channel], (p.user_id for p in (*people[channel], quitters[channel])))
            talking = asyncio.create_task(_talk(rolling))
            codes = [await _restarted(process) for process in trio]
            await eventually(lambda: all(person.inside for person in rolling), "everyone back")
            # What was said last was said to everyone.
            await asyncio.sleep(PROPAGATION_MS / 1000)
            assert not talking.done()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            # Longer than the grace: if the server took somebody for gone, it has said so by now.
            await asyncio.sleep(RESTART_GRACE_S + 2)
            await eventually(lambda: not any(person.unacked for person in rolling), "every message acknowledged")
            ended_ms = wall_ms()

            assert codes == [0, 0, 0]
            moved = sum(len(person.closes) for person in rolling)
            print(f"{moved} connections sent away, {sum(len(p.acked) for p in rolling)} messages said meanwhile")
            assert moved >= 300
            for person in rolling:
                assert set(person.closes) <= {4001}, f"all were sent away in order: {person.story}"
                left = person.left() - Counter([quitters[person.channel].user_id])
                assert not left, f"seen leaving: { {p.user_id: p.story for p in rolling if p.user_id in left} }"
            for channel in channels:
                # A person who was between two processes at that moment has it from a snapshot instead.
                seen = [person.said["user_left", quitters[channel].user_id] for person in people[channel]]
                assert max(seen) == 1, f"the control: {Counter(seen)}"
            for channel in channels:
                await agree(people[channel], (p.user_id for p in people[channel]))
                _lost_nothing(people[channel], ended_ms)
                await all_hear(people[channel][:3], people[channel])


async def _sweeps(process: Process, count: int) -> None:
    """Wait until it has swept so many times more."""
    swept = await metric(process.port, "presence_sweeps_total")
    await until_metric(process.port, "presence_sweeps_total", swept + count)


def test_what_is_promised_follows_from_the_settings() -> None:
    """A lease that was renewed just before the end, then the sweep that has just missed its end."""
    lease_ms = load({}, {}).redis.lease_ms
    assert lease_ms / 1000 + CLAIM_MS / 1000 + 2 * SWEEP_S <= GONE_WITHIN_S


async def _restarted(process: Process) -> int:
    code = await process.terminated()
    process.spawn()
    await asyncio.to_thread(process.wait)
    return code


async def _talk(people: list[Person]) -> None:
    """About forty messages a second, of those who are in."""
    for number in itertools.count():
        speaker = random.choice(people)
        if speaker.inside:
            speaker.say(f"message {number}")
        await asyncio.sleep(0.025)


def _lost_nothing(people: list[Person], ended_ms: float) -> None:
    """Whoever was in while a message lived has it: from the channel, or from the snapshot on coming back."""
    checked = 0
    for author in people:
        for message_id, ack in author.acked.items():
            begins, ends = ack["timestamp"] + PROPAGATION_MS, ack["expires_at"]
            for reader in people:
                stays = [*reader.stays, (reader.since_ms, ended_ms)]
                if reader is not author and any(since < ends and until > begins for since, until in stays):
                    checked += 1
                    assert (author.user_id, message_id) in reader.messages, (
                        f"{reader.user_id} at {reader.url}, in {stays}, has no {message_id} of {ack}"
                    )
    assert checked > 10 * len(people), "enough was said to show something"


def _is_stopped(pid: int) -> bool:
    """Linux stops a process some time after the signal was sent."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
