"""W163: what a viewport that moves brings, against a model that remembers every frame of every connection."""

from __future__ import annotations

import random

import pytest

from asocial.domain.cells import Cell, Region
from asocial.domain.crowd_memory import MAX_PAST_REGIONS, CrowdMemory

LIFE_S = 10.0


def region(rng: random.Random) -> Region | None:
    if rng.random() < 0.15:
        return None
    x, y = rng.randrange(-2, 3), rng.randrange(-2, 3)
    return Region(x, y, x + rng.randrange(3), y + rng.randrange(2))


def holds(seen: Region | None, cells: tuple[Cell, ...]) -> bool:
    return seen is None or any(map(seen.holds, cells))


@pytest.mark.parametrize("seed", range(60))
def test_w163_a_connection_gets_what_it_lacks_and_nothing_twice(seed: int) -> None:
    rng, now = random.Random(seed), 0.0
    memory: CrowdMemory[int] = CrowdMemory(LIFE_S, [], now)
    regions: dict[int, Region | None] = {}
    had: dict[int, set[bytes]] = {}
    sent: list[tuple[bytes, tuple[Cell, ...], float]] = []
    for step in range(200):
        now += rng.choice([0.05, 0.05, 0.4])
        live = [each for each in sent if now - each[2] <= LIFE_S]
        act = rng.random()
        if act < 0.1:
            new = len(regions)
            memory.join(new)
            regions[new] = region(rng)
            had[new] = {frames for frames, cells, _ in live if holds(regions[new], cells)}
        elif act < 0.5:
            cells = tuple({(rng.randrange(-2, 5), rng.randrange(-2, 4)) for _ in range(rng.choice([1, 1, 2]))})
            frames, everyone = b"%d" % step, rng.random() < 0.1
            sender = rng.choice(list(regions)) if regions else None
            memory.keep(cells, frames, now, sender=sender, everyone=everyone)
            sent.append((frames, cells, now))
            for connection, seen in regions.items():
                if everyone or connection == sender or holds(seen, cells):
                    had[connection].add(frames)
        elif regions:
            connection, after = rng.choice(list(regions)), region(rng)
            if regions[connection] != after:
                lacking = [kept.frames for kept in memory.move(connection, regions[connection], after, now)]
                wanted = [frames for frames, cells, _ in live if holds(after, cells) and frames not in had[connection]]
                assert lacking == wanted
                had[connection].update(lacking)
                regions[connection] = after


def test_w163_the_oldest_are_dropped_above_the_limit() -> None:
    memory: CrowdMemory[str] = CrowdMemory(LIFE_S, ["ann"], 0.0, limit_bytes=30)
    memory.join("bob")
    here, there = Region(0, 0, 0, 0), Region(5, 5, 5, 5)
    for number in range(5):
        memory.keep(((5, 5),), b"%010d" % number, 0.0)
    assert [kept.frames for kept in memory.move("bob", here, there, 0.0)] == [b"%010d" % number for number in (2, 3, 4)]
    assert memory.take_dropped() == 2
    assert memory.take_dropped() == 0


def test_w163_what_was_live_when_the_crowd_began_is_lacking_only_to_those_who_came_later() -> None:
    memory: CrowdMemory[str] = CrowdMemory(LIFE_S, ["ann"], 0.0)
    memory.join("bob")
    memory.keep(((5, 5),), b"since", 0.5)
    memory.keep_earlier([(((5, 5),), b"first"), (((5, 5),), b"second")], 1.0)
    here, there = Region(0, 0, 0, 0), Region(5, 5, 5, 5)
    assert [kept.frames for kept in memory.move("ann", here, there, 1.0)] == [b"since"]
    assert [kept.frames for kept in memory.move("bob", here, there, 1.0)] == [b"first", b"second", b"since"]


def test_memory_of_a_connection_that_moves_all_the_time_is_bounded() -> None:
    memory: CrowdMemory[str] = CrowdMemory(LIFE_S, ["ann"], 0.0)
    for number in range(10 * MAX_PAST_REGIONS):
        memory.move("ann", Region(number, 0, number, 0), Region(number + 1, 0, number + 1, 0), 0.0)
    assert len(memory._history["ann"].past) == MAX_PAST_REGIONS
    memory.leave("ann")
    assert memory.move("ann", None, Region(0, 0, 0, 0), 0.0) == []
    assert not memory._history
