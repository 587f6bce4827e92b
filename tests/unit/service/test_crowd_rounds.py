"""W165: rounds of pointers. At rest everybody has the latest position of each pointer that their region holds.

Viewports move in the middle of a round, over the borders of blocks. ASOCIAL_FUZZ_SEEDS=500 runs more of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator

import pytest

from asocial.domain.cells import CELL, Region, cell_of, region_of
from asocial.domain.pacing import CURSOR_TICK_S
from asocial.domain.pointers import MAX_OF_CELL, MAX_POINTERS
from asocial.domain.region_groups import BLOCK
from asocial.groups import CrowdSettings
from asocial.ports import Batch
from asocial.service import crowd_rounds
from asocial.service.channel import Channel
from asocial.service.control import PointersGone, decode_control
from asocial.service.crowd import PASS_ON_S, Crowd
from asocial.service.crowd_batch import split_control
from asocial.service.crowd_pointers import CrowdPointers
from asocial.service.crowd_rounds import SLICE

from .fakes import FakeBroker, FakeConnection, make_channel

SEEDS = int(os.environ.get("ASOCIAL_FUZZ_SEEDS", "40"))
PEOPLE = 14
STEPS = 80
MIDDLE = BLOCK * CELL
"""A corner of four blocks."""


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def channel(broker: FakeBroker) -> AsyncIterator[Channel]:
    made = make_channel(broker, crowds=CrowdSettings(threshold=2, life_s=12))
    made.count_users(2)
    yield made
    made.close()


def crowd_of(channel: Channel) -> Crowd:
    assert channel.crowd is not None
    return channel.crowd


def join(channel: Channel, name: str, region: Region) -> FakeConnection:
    connection = FakeConnection(name)
    channel.attach(connection, region)
    channel.release(connection, b"")
    return connection


def seen_by(connection: FakeConnection) -> dict[str, tuple[float, float]]:
    """The last position of each user that the connection got."""
    return {user: (x, y) for frame in connection.frames("cursors") for user, x, y in frame["cursors"]}


async def wander(channel: Channel, seed: int) -> list[str]:
    """What somebody does not see at rest, or sees where it was before."""
    chance = random.Random(seed)
    crowd = crowd_of(channel)

    def somewhere() -> tuple[float, float]:
        return MIDDLE + chance.uniform(-4, 4) * CELL, MIDDLE + chance.uniform(-1, 1) * CELL

    regions = [region_of(*somewhere(), 800, 600) for _ in range(PEOPLE)]
    people = [join(channel, f"p{number}", region) for number, region in enumerate(regions)]
    pointers: dict[str, tuple[float, float]] = {}
    for _ in range(STEPS):
        number = chance.randrange(PEOPLE)
        person = people[number]
        match chance.choice(["move", "move", "look", "wait"]):
            case "move":
                x, y = somewhere()
                pointers[person.id] = (x, y)
                crowd.move(person, person.id, x, y, on_map=True)
            case "look":
                x, y = somewhere()
                regions[number] = region_of(x, y, 800, 600)
                crowd.look(person, person.id, (x, y), regions[number], on_map=True)
            case "wait":
                await asyncio.sleep(chance.choice([0.0, 0.001, CURSOR_TICK_S, 0.1]))
    await asyncio.sleep(1)
    return [
        f"{person.id} sees {user} at {seen_by(person).get(user)}, not at {at}"
        for person, region in zip(people, regions, strict=True)
        for user, at in pointers.items()
        if region.holds(cell_of(*at)) and seen_by(person).get(user) != at
    ]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_w165_at_rest_everybody_has_the_latest_position_of_each_pointer(
    channel: Channel, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd_rounds, "SLICE", 2)
    assert await wander(channel, seed) == []


async def test_the_fuzz_notices_a_viewport_that_misses_what_its_new_group_has_got(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd_rounds, "SLICE", 2)
    monkeypatch.setattr(CrowdPointers, "frame_of_missed", lambda *_: b"")
    wrong = 0
    for seed in range(10):
        made = make_channel(FakeBroker(), crowds=CrowdSettings(threshold=2, life_s=12))
        made.count_users(2)
        wrong += len(await wander(made, seed))
        made.close()
    assert wrong


async def test_w165_a_round_shows_each_group_what_moved_until_its_own_turn(channel: Channel) -> None:
    crowd = crowd_of(channel)
    # Two blocks far apart, each with more people than one turn writes to; a viewport of each sees its own place.
    places = [0.0, 3 * BLOCK * CELL]
    people = [[join(channel, f"p{at:.0f}-{n}", region_of(at, 0, 800, 600)) for n in range(SLICE + 1)] for at in places]
    (first, *_), (second, *_) = people
    await asyncio.sleep(2)
    for at, (person, *_) in zip(places, people, strict=True):
        crowd.move(person, person.id, at, 1, on_map=True)
    await asyncio.sleep(0.001)  # the round has begun, and has written to the first place
    assert seen_by(first) == {first.id: (0, 1)}
    assert seen_by(second) == {}
    crowd.move(second, second.id, places[1], 2, on_map=True)
    await asyncio.sleep(crowd.load.tick_s)
    assert {(x, y) for frame in second.frames("cursors") for _, x, y in frame["cursors"]} == {(places[1], 2)}


async def test_w170_other_processes_are_told_who_moved_and_who_has_left(channel: Channel, broker: FakeBroker) -> None:
    ann, crowd = join(channel, "ann", region_of(0, 0, 800, 600)), crowd_of(channel)
    await asyncio.sleep(0.5)
    broker.published.clear()
    crowd.move(ann, "ann", 5, 6, on_map=True)
    await asyncio.sleep(PASS_ON_S)
    channel.detach(ann, user_gone="ann")
    await asyncio.sleep(PASS_ON_S)
    moved, left = [batch for _, batch in broker.published if b"activity" not in batch.control]
    assert b'[["ann",5.0,6.0]]' in moved.volatile or b'[["ann",5,6]]' in moved.volatile
    assert decode_control(split_control(left.control)[1]) == [PointersGone(["ann"])]
    # The same on another process.
    other = make_channel(FakeBroker(), crowds=CrowdSettings(threshold=2, life_s=12))
    other.count_users(2)
    bob = join(other, "bob", region_of(0, 0, 800, 600))
    other.deliver(Batch(b"", moved.volatile, moved.control, publisher=b"1"))
    await asyncio.sleep(1)
    assert seen_by(bob) == {"ann": (5, 6)}
    crowd_of(other).forget_pointers(["ann"])
    assert seen_by(join(other, "eve", region_of(0, 0, 800, 600))) == {}
    other.close()


def test_a_viewport_that_moves_over_a_busy_place_gets_the_newest_of_each_cell() -> None:
    """It is not compared with all that moved there: thousands of people move their viewports every few seconds."""
    pointers, cells = CrowdPointers(), [0, 1, 2]
    for number in range(3 * MAX_OF_CELL):
        cell = number % len(cells)
        pointers.move(f"u{number}", cell * CELL + 1.0, 1.0, (cell, 0), 0.0)
    region = Region(0, 0, 2, 0)
    frame = pointers.frame_of_missed(region, region, 0)
    users = [int(user[1:]) for user, _, _ in json.loads(frame[frame.index(b"{") :])["cursors"]]
    newest = range(3 * MAX_OF_CELL - len(cells) * (MAX_POINTERS // len(cells)), 3 * MAX_OF_CELL)
    assert sorted(users) == list(newest)


def test_w165_a_viewport_that_moves_gets_at_most_a_hundred_pointers_of_many_cells() -> None:
    pointers, region = CrowdPointers(), Region(0, 0, 11, 11)
    for number, (column, row) in enumerate(region.cells()):
        pointers.move(f"u{number}", column * CELL + 1.0, row * CELL + 1.0, (column, row), 0.0)
    assert len(pointers) > MAX_POINTERS
    frame = pointers.frame_of_missed(region, region, 0)
    assert len(json.loads(frame[frame.index(b"{") :])["cursors"]) == MAX_POINTERS
