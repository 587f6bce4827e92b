"""Full collections become rare while they find little, and messages do not cause any."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from asocial import gc_policy
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.collect()


def test_once_settled_python_starts_no_full_collection_by_itself() -> None:
    gc_policy.freeze_startup_objects()
    assert gc.get_threshold()[2] == gc_policy.NEVER
    assert gc.get_freeze_count() > 0
    full = gc.get_stats()[2]["collections"]
    kept: list[list[int]] = [[] for _ in range(200_000)]
    assert gc.get_stats()[2]["collections"] == full
    assert len(kept) == 200_000


def test_full_collections_become_rare_while_they_find_little_and_frequent_when_they_find_much() -> None:
    waits = [gc_policy.MIN_WAIT_S]
    while waits[-1] < gc_policy.MAX_WAIT_S:
        waits.append(gc_policy.wait_after(waits[-1], found=0))
    assert waits[:3] == [gc_policy.MIN_WAIT_S, 2 * gc_policy.MIN_WAIT_S, 4 * gc_policy.MIN_WAIT_S]
    assert gc_policy.wait_after(gc_policy.MAX_WAIT_S, found=0) == gc_policy.MAX_WAIT_S
    assert gc_policy.wait_after(gc_policy.MAX_WAIT_S, found=gc_policy.FEW_OBJECTS) == gc_policy.MIN_WAIT_S


async def test_it_collects_when_the_wait_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc_policy, "MIN_WAIT_S", 0.01)
    gc.disable()  # nobody else does
    ring: list[object] = []
    ring.append(ring)
    freed = weakref.finalize(_Held(ring), lambda: None)
    del ring
    collecting = asyncio.create_task(gc_policy.collect())
    await eventually(lambda: not freed.alive, "the ring is freed")
    collecting.cancel()


class _Held:
    """Part of a ring, so that only the collector can free it."""

    def __init__(self, ring: list[object]) -> None:
        ring.append(self)
