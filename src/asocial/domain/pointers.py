"""Which pointers a group of a crowd gets in one tick: at most 100, because nobody can follow more (W165).

Those who write come first, then the nearest to the middle of the region, then those that moved last.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from math import hypot
from typing import NamedTuple

MAX_POINTERS = 100
"""The most pointers that a connection gets in one tick."""
MAX_OF_CELL = 200
"""The most pointers of one cell that are compared."""
NEAR = 256.0
"""Distances are compared in steps of this many units; within a step, the pointer that moved last comes first."""


class Pointer(NamedTuple):
    """`order`: grows with each move. `writes`: its user has a draft."""

    user_id: str
    x: float
    y: float
    order: int
    writes: bool = False


def newest_of_cell(pointers: Sequence[Pointer]) -> Sequence[Pointer]:
    """The pointers of one cell that are worth comparing: those who write, and those that moved last."""
    if len(pointers) <= MAX_OF_CELL:
        return pointers
    return nsmallest(MAX_OF_CELL, pointers, key=lambda pointer: (not pointer.writes, -pointer.order))


def choose(pointers: Sequence[Pointer], middle: tuple[float, float], most: int = MAX_POINTERS) -> Sequence[Pointer]:
    """At most `most` of these pointers, for somebody who looks at `middle`."""
    if len(pointers) <= most:
        return pointers
    x, y = middle
    # Sorted as tuples of numbers: a function for the order would be called for each group and pointer.
    ranked = sorted(
        [
            (not pointer.writes, hypot(pointer.x - x, pointer.y - y) // NEAR, -pointer.order, number)
            for number, pointer in enumerate(pointers)
        ]
    )
    return [pointers[number] for _, _, _, number in ranked[:most]]
