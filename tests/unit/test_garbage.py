"""Full collections happen when connections have ended, not when messages have been said."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from asocial.garbage import ENDED_AT_LEAST, LOOKS_AT_MOST, NEVER, Garbage


class Ring:
    """Holds itself: only the collector can free it."""

    freed = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Ring.freed += 1


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    Ring.freed = 0
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.collect()


def _grown_old(count: int) -> None:
    """Rings that have survived the younger generations, and are garbage now."""
    rings = [Ring() for _ in range(count)]
    gc.collect(0)
    gc.collect(1)
    rings.clear()


def test_nothing_is_collected_in_full_while_few_connections_have_ended() -> None:
    garbage = Garbage()
    _grown_old(10)
    assert not garbage.look(ended=ENDED_AT_LEAST - 1, connected=0)
    assert Ring.freed == 0


def test_what_ended_connections_left_is_collected_once_there_is_enough_of_it() -> None:
    garbage = Garbage()
    _grown_old(10)
    assert garbage.look(ended=ENDED_AT_LEAST, connected=0)
    assert Ring.freed == 10
    assert not garbage.look(ended=ENDED_AT_LEAST + 1, connected=0)
    assert garbage.look(ended=2 * ENDED_AT_LEAST, connected=0)


def test_with_many_connected_a_quarter_of_them_must_have_ended() -> None:
    garbage = Garbage()
    assert not garbage.look(ended=2 * ENDED_AT_LEAST, connected=12 * ENDED_AT_LEAST)
    assert garbage.look(ended=3 * ENDED_AT_LEAST, connected=12 * ENDED_AT_LEAST)


def test_without_any_end_it_is_collected_now_and_then() -> None:
    garbage = Garbage()
    _grown_old(10)
    looks = [garbage.look(ended=0, connected=500) for _ in range(2 * LOOKS_AT_MOST)]
    assert [number for number, collected in enumerate(looks, 1) if collected] == [LOOKS_AT_MOST, 2 * LOOKS_AT_MOST]
    assert Ring.freed == 10


def test_once_settled_python_starts_no_full_collection_by_itself() -> None:
    Garbage().settle()
    assert gc.get_threshold()[2] == NEVER
    assert gc.get_freeze_count() > 0
    full = gc.get_stats()[2]["collections"]
    kept: list[list[int]] = [[] for _ in range(200_000)]
    assert gc.get_stats()[2]["collections"] == full
    assert len(kept) == 200_000
