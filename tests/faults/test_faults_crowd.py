"""W163, W170: viewports move, on several processes, and some processes are killed. At rest everyone has what they see.

The model is docs/protocol.md alone: a client has every live message of its region, whatever process took it, and none
twice on one connection.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from asocial.domain.cells import CELL
from tests.support.client import Client, Position
from tests.support.processes import Process, processes
from tests.support.redis_server import Server
from tests.support.waiting import PATIENCE_S

PEOPLE, STEPS = 9, 70
KILLS = (25, 50)
"""The steps at which a process is killed."""
PLACES: list[Position] = [(40.0 * CELL * number, 0.0) for number in range(3)]
"""So far from each other that no region holds two of them."""
SIZE = (1000.0, 800.0)


@dataclass
class Somebody:
    process: Process
    client: Client
    place: Position
    visited: set[Position]
    own: set[str] = field(default_factory=set)
    """Messages that this connection posted: it gets `ack` instead."""

    def got(self) -> list[str]:
        """The messages that came on this connection, also with its first `user_sync`."""
        first = next(frame for frame in self.client.received if frame["type"] == "user_sync")
        chats = [frame["message_id"] for frame in self.client.received if frame["type"] == "chat"]
        return [message["message_id"] for message in first["messages"]] + chats

    async def post(self, payload: str, posted: dict[str, Position]) -> None:
        message = await self.client.chat(payload, at=self.place)
        await self.client.receive("ack", where=lambda frame: frame["message_id"] == message)
        posted[message] = self.place
        self.own.add(message)

    async def settle(self) -> None:
        await self.client.ping(1)
        await self.client.receive("pong")


async def enter(process: Process, place: Position) -> Somebody:
    client = await Client.connect(process.url, channel="garden", view=(*place, *SIZE))
    return Somebody(process, client, place, {place})


@pytest.mark.parametrize("seed", range(2))
async def test_w163_at_rest_everyone_has_what_their_region_holds(folder: Path, redis: Server, seed: int) -> None:
    rng = random.Random(seed)
    posted: dict[str, Position] = {}
    with processes(folder, 3, redis.url, "--crowd-threshold", "4", "--message-ttl-seconds", "300") as servers:
        alive = list(servers)
        people = [await enter(servers[number % 3], rng.choice(PLACES)) for number in range(PEOPLE)]
        for step in range(STEPS):
            somebody = rng.choice(people)
            if rng.random() < 0.6:
                await somebody.post(f"step {step}", posted)
            else:
                somebody.place = rng.choice(PLACES)
                somebody.visited.add(somebody.place)
                await somebody.client.look(somebody.place, SIZE)
            if step in KILLS:
                doomed = somebody.process if len(alive) > 1 else None
                assert doomed is not None
                doomed.kill()
                alive.remove(doomed)
                for number, each in enumerate(people):
                    if each.process is doomed:
                        people[number] = await enter(rng.choice(alive), each.place)
        for each in people:
            await at_rest(each, posted)
        await asyncio.gather(*(each.client.close() for each in people))


async def at_rest(somebody: Somebody, posted: dict[str, Position]) -> None:
    here = {message for message, place in posted.items() if place == somebody.place}
    due = here - somebody.own
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not due <= set(somebody.got()):
        assert asyncio.get_running_loop().time() < deadline, f"never came: {due - set(somebody.got())}"
        await somebody.settle()
        await asyncio.sleep(0.05)
    got = Counter(somebody.got())
    assert {message for message, count in got.items() if count > 1} == set()
    assert {posted[message] for message in got} <= somebody.visited
    sync = await somebody.client.resync()
    synced = [message["message_id"] for message in sync["messages"]]
    assert set(synced) == here, "the store has what was acknowledged (W10)"
    assert len(synced) == len(here)
