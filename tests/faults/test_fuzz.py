"""Many processes, many people, many misfortunes, and in the end everyone sees the same (docs/decisions/0008).

Each seed is a run of its own (world.py): people join, leave, break off, talk, type and change who they are through up
to four servers, which are killed, stopped, frozen and started, over a Redis that is restarted empty, paused and cut
off. At rest, with nothing but the client's own rules (person.py), every roster and every live message must be the
model's (model.py). Servers are processes, forked from one that has everything imported (nursery.py).

Several runs share the two cores, because almost all of their time is waiting. To run some seeds alone, more or others:

    ASOCIAL_TEST_SEEDS=17,100-199 python -m pytest tests/faults/test_fuzz.py -k seeds
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from asocial.domain.message import Position
from asocial.ports import Batch
from asocial.protocol.codec import pack
from asocial.protocol.schema import Typing
from tests.faults.nursery import Nursery
from tests.faults.world import World
from tests.unit.service.fakes import FakeConnection, make_channel

REGRESSIONS: dict[int, str] = {
    15: "a message said during an outage by someone who then moved on never reached latecomers elsewhere",
    24: "the same, with the channel given up by the process it was said on",
    6: "the job that refreshes connections logged a traceback in every outage",
    170: "a profile was forgotten: a process that had missed the change was the first to register with an empty Redis",
    219: "the same, for two users at once",
    84: "a profile was forgotten: changed during an outage, by a tab that was closed before its end",
    67: "whoever came in the very turn that dropped an empty channel waited for ever, and all after them",
    37: "a process was stopped, or killed, while a crowd's newest count still waited for its turn",
    4: "a crowd counted down to the roster limit: as many names as people, and some of them wrong",
}
"""Seeds that failed once, with what was wrong; run first."""
SEEDS = range(50)
AT_ONCE = 4
"""Of one test. The tests themselves run side by side, too."""
A_TEST = 6
"""Seeds of one test."""


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as nursery:
        yield nursery


def _chosen(text: str) -> list[int]:
    """`3,10-12` is [3, 10, 11, 12]."""
    spans = [part.partition("-") for part in text.split(",") if part]
    return [seed for first, dash, last in spans for seed in range(int(first), int(last if dash else first) + 1)]


def _shares() -> list[list[int]]:
    """The seeds, shared out among the tests."""
    seeds = _chosen(os.environ.get("ASOCIAL_TEST_SEEDS", "")) or list(dict.fromkeys([*REGRESSIONS, *SEEDS]))
    return [seeds[first : first + A_TEST] for first in range(0, len(seeds), A_TEST)]


@pytest.mark.parametrize("seeds", _shares(), ids=lambda seeds: "seeds-" + ",".join(map(str, seeds)))
async def test_every_seed_ends_with_everyone_seeing_the_same(
    seeds: list[int], nursery: Nursery, tmp_path: Path
) -> None:
    failed = await _run(seeds, nursery, tmp_path)
    assert not failed, "\n\n".join(failed)


async def test_the_fuzz_notices_a_broker_that_loses_batches(nursery: Nursery, tmp_path: Path) -> None:
    failed = await _run(range(6), nursery, tmp_path, kind="calm", patience_s=4, drop_every=2)
    assert "lacks the message" in "".join(failed)


async def test_the_fuzz_notices_a_model_that_forgets_who_left(nursery: Nursery, tmp_path: Path) -> None:
    failed = await _run(range(12), nursery, tmp_path, kind="calm", patience_s=4, forget=True)
    assert "misses user-" in "".join(failed)


async def test_a_draft_of_another_process_does_not_follow_its_end() -> None:
    """Two batches of one process, received within one tick, once changed their order: seed 154, now and then."""
    channel = make_channel()
    ann = FakeConnection("ann")
    channel.attach(ann)
    channel.release(ann, b"")
    channel.deliver(Batch(b"", pack(Typing("m1", "bob", "never m", Position(0, 0)))))
    channel.deliver(Batch(pack(Typing("m1", "bob", "", Position(0, 0))), b""))
    channel.flush()
    assert [frame["payload"] for frame in ann.frames("typing")] == ["never m", ""]


async def _run(seeds: Iterable[int], nursery: Nursery, folder: Path, **how: Any) -> list[str]:
    """What the seeds that failed have to say. `how`: as of World."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> str | None:
        async with slots:
            home = Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=folder))
            world = World(seed, nursery, home, **how)
            wrong = await world.run()
        if not wrong:
            return None
        return "\n".join([f"SEED {seed} ({world.kind}) FAILED", *wrong[:20], "what happened:", world.story(wrong)])

    return [text for text in await asyncio.gather(*map(one, seeds)) if text is not None]
