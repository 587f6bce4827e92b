"""Two processes and one crowd, at random: at rest every client has exactly what its region holds, each message once.

Viewports move, people come and leave, messages are posted, batches between the processes are late, and the channel
becomes a crowd and stops being one at any moment. ASOCIAL_FUZZ_SEEDS=500 runs more of it.
"""

from __future__ import annotations

import os
import random
from collections import deque
from dataclasses import dataclass, replace

import pytest

from asocial.domain.cells import CELL, Region, cell_of, region_of
from asocial.domain.live_message import LiveMessage
from asocial.domain.message import Position
from asocial.groups import CrowdSettings
from asocial.ports import Batch
from asocial.protocol.codec import encode, pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import Ack, Chat
from asocial.service.channel import Channel
from asocial.service.crowd import Crowd
from tests.support.runtime import make_runtime

from .fakes import FakeBroker, FakeConnection, make_channel, turns

SEEDS = int(os.environ.get("ASOCIAL_FUZZ_SEEDS", "40"))
STEPS = 150
THRESHOLD = 8
FAR_AWAY_MS = 10**15


@dataclass
class Posted:
    message_id: str
    at: tuple[float, float]
    author: FakeConnection
    body: bytes


class Process:
    """A channel on one of two processes. What it publishes waits in `sent`."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.broker = FakeBroker()
        crowds = CrowdSettings(threshold=THRESHOLD, life_s=3600)
        self.channel: Channel = make_channel(self.broker, runtime=make_runtime(), crowds=crowds)
        self.members: list[FakeConnection] = []
        self.sent: deque[Batch] = deque()

    def collect(self) -> None:
        for _, batch in self.broker.published:
            self.sent.append(replace(batch, publisher=self.name))
        self.broker.published.clear()


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.processes = [Process(b"1"), Process(b"2")]
        self.posted: list[Posted] = []
        self.snapshots: dict[FakeConnection, list[str]] = {}
        self.count = 0

    def step(self) -> None:
        process = self.random.choice(self.processes)
        act = self.random.choices(
            [self.join, self.leave, self.post, self.look, self.deliver, self.flush, self.switch],
            [6, 2, 20, 20, 12, 12, 3],
        )[0]
        act(process)
        for each in self.processes:
            each.collect()

    def spot(self) -> tuple[float, float]:
        # Few places, so that viewports and messages meet.
        return self.random.randrange(-4, 5) * CELL + 512.0, self.random.randrange(-2, 3) * CELL + 512.0

    def region(self) -> Region:
        return region_of(*self.spot(), self.random.choice([800, 1500]), 800)

    def join(self, process: Process) -> None:
        connection = FakeConnection(f"c{self.count}")
        self.count += 1
        region = self.region() if self.random.random() < 0.7 else None
        process.channel.attach(connection, region)
        if self.random.random() < 0.3:
            self.post(process)
        region = process.channel.region_of(connection)
        found = [each for each in self.posted if region is None or region.holds(cell_of(*each.at))]
        crowd = process.channel.crowd
        if crowd is not None:
            crowd.seed(_live(self.posted))
        if self.random.random() < 0.3:
            self.post(process)
        self.snapshots[connection] = [each.message_id for each in found]
        process.channel.release(connection, b"", frozenset(each.body for each in found))
        process.members.append(connection)

    def leave(self, process: Process) -> None:
        if process.members:
            connection = process.members.pop(self.random.randrange(len(process.members)))
            process.channel.detach(connection)

    def post(self, process: Process) -> None:
        if not process.members:
            return
        author, at = self.random.choice(process.members), self.spot()
        message_id = f"m{len(self.posted)}"
        chat = Chat(
            message_id, "garden", author.id, "x", "jade", "hi", Position(*at), len(self.posted) + 1, FAR_AWAY_MS
        )
        body = encode(chat)
        self.posted.append(Posted(message_id, at, author, body))
        process.channel.post(text_frame(body), author, pack(Ack(message_id, 1, FAR_AWAY_MS)), message_id, (at,))

    def look(self, process: Process) -> None:
        crowd = process.channel.crowd
        if crowd is not None and process.members:
            connection, at = self.random.choice(process.members), self.spot()
            crowd.look(connection, connection.id, at, region_of(*at, 1500, 800), on_map=True)

    def deliver(self, process: Process) -> None:
        if process.sent:
            other = self.processes[1 - self.processes.index(process)]
            other.channel.deliver(process.sent.popleft())

    def flush(self, process: Process) -> None:
        process.channel.flush_all()

    def switch(self, process: Process) -> None:
        process.channel.count_users(self.random.choice([0, THRESHOLD]))

    def rest(self) -> None:
        for process in self.processes:
            process.channel.flush_all()
            process.collect()
        for process in self.processes:
            while process.sent:
                self.deliver(process)
        for process in self.processes:
            process.channel.flush_all()

    def check(self) -> None:
        for process in self.processes:
            for connection in process.members:
                region = process.channel.region_of(connection)
                got = self.snapshots[connection] + [frame["message_id"] for frame in connection.frames("chat")]
                assert len(got) == len(set(got)), f"{connection.id} got a message twice"
                due = {
                    each.message_id
                    for each in self.posted
                    if each.author is not connection and (region is None or region.holds(cell_of(*each.at)))
                }
                assert not due - set(got), f"{connection.id} lacks messages"
                acks = [frame["message_id"] for frame in connection.frames("ack")]
                assert acks == [each.message_id for each in self.posted if each.author is connection]


def _live(posted: list[Posted]) -> list[LiveMessage]:
    return [LiveMessage(each.author.id, each.message_id, 1, FAR_AWAY_MS, each.body) for each in posted]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_w163_at_rest_everybody_has_what_their_region_holds_and_nothing_twice(seed: int) -> None:
    world = World(seed)
    for number in range(STEPS):
        world.step()
        if number % 10 == 0:
            await turns()
    world.rest()
    world.check()
    for process in world.processes:
        process.channel.close()


async def test_the_fuzz_notices_a_viewport_that_brings_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative control: without catching up, messages are missing."""
    monkeypatch.setattr(Crowd, "_live", lambda *_: b"")
    for seed in range(SEEDS):
        world = World(seed)
        for _ in range(STEPS):
            world.step()
        world.rest()
        try:
            world.check()
        except AssertionError:
            return
        finally:
            for process in world.processes:
                process.channel.close()
    raise AssertionError("no seed noticed it")
