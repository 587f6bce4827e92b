"""Full collections happen when they are asked for, not when messages have been said."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from asocial import garbage


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.collect()


def test_once_settled_python_starts_no_full_collection_by_itself() -> None:
    garbage.settle()
    assert gc.get_threshold()[2] == garbage.NEVER
    assert gc.get_freeze_count() > 0
    full = gc.get_stats()[2]["collections"]
    kept: list[list[int]] = [[] for _ in range(200_000)]
    assert gc.get_stats()[2]["collections"] == full
    assert len(kept) == 200_000
