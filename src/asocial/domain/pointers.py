"""Which pointers a group of a crowd gets in one tick: at most 100, because nobody can follow more (W165).

Those who write come first, then the nearest to the middle of the region, then those that moved last.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from math import hypot

MAX_POINTERS = 100
"""The most pointers that a connection gets in one tick."""
MAX_OF_CELL = 200
"""The most pointers of one cell that are compared, besides those of people who write."""
NEAR = 256.0
"""Distances are compared in steps of this many units; within a step, the pointer that moved last comes first."""


class Pointer:
    """One move of a user's pointer. `order`: grows with each move. `at`: when it moved.

    `json`, `anchor`: the pointer as JSON, and its anchor as a field of `anchors` (W181); empty if it has none.
    """

    __slots__ = ("anchor", "at", "json", "order", "user_id", "x", "y")

    def __init__(
        self, user_id: str, x: float, y: float, order: int, at: float = 0.0, json: bytes = b"", anchor: bytes = b""
    ) -> None:
        self.user_id = user_id
        self.x = x
        self.y = y
        self.order = order
        self.at = at
        self.json = json
        self.anchor = anchor


def choose(
    pointers: Sequence[Pointer], middle: tuple[float, float], writing: Container[str], most: int = MAX_POINTERS
) -> Sequence[Pointer]:
    """At most `most` of these pointers, for somebody who looks at `middle`. `writing`: the users who have a draft."""
    if len(pointers) <= most:
        return pointers
    x, y = middle
    # Sorted as tuples of numbers: a function for the order would be called for each group and pointer.
    ranked = sorted(
        [
            (
                pointer.user_id not in writing,
                hypot(pointer.x - x, pointer.y - y) // NEAR,
                -pointer.order,
                number,
            )
            for number, pointer in enumerate(pointers)
        ]
    )
    return [pointers[number] for _, _, _, number in ranked[:most]]
