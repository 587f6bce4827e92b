"""Where something happens in a crowd: how many people and live messages are at each place, coarsely (W166).

A place is a square whose side is a cell or a power of two of it, so large that at most MAX_PLACES are not empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from .cells import CELL, Cell

MAX_PLACES = 256

Counts: TypeAlias = dict[Cell, tuple[int, int]]
"""(people, messages) by cell, or by place."""
Place: TypeAlias = tuple[int, int, int, int]
"""(x, y, people, messages): the middle of a place and what is there."""


class Change(NamedTuple):
    """What changed. `whole`: these are all places that are not empty; else those that changed, with their new counts.

    `size`: the side of a place.
    """

    size: int
    whole: bool
    places: list[Place]


def added(many: Iterable[Counts]) -> Counts:
    """The sums by cell."""
    total: Counts = {}
    for counts in many:
        for cell, (people, messages) in counts.items():
            before = total.get(cell, (0, 0))
            total[cell] = before[0] + people, before[1] + messages
    return total


def coarse(counts: Counts, shift: int = 0, most: int = MAX_PLACES) -> tuple[int, Counts]:
    """(n, counts by place): a place has 2**n cells along a side, and at most `most` are not empty. n is at least
    `shift`."""
    places = {cell: both for cell, both in counts.items() if both != (0, 0)}
    if shift:
        places = _joined(places, shift)
    while len(places) > most:
        shift += 1
        places = _joined(places, 1)
    return shift, places


def _settled(before: tuple[int, int] | None, now: tuple[int, int]) -> tuple[int, int]:
    """`before`, if `now` differs little from it."""
    if before is None:
        return now
    people, messages = (
        old if (old > 0) == (new > 0) and abs(new - old) < max(2, old // 5) else new
        for old, new in zip(before, now, strict=True)
    )
    return people, messages


def _joined(counts: Mapping[Cell, tuple[int, int]], shift: int) -> Counts:
    return added({(x >> shift, y >> shift): both} for (x, y), both in counts.items())


class Activity:
    """The activity that clients know, and what is new."""

    __slots__ = ("_places", "_shift")

    def __init__(self) -> None:
        self._places: Counts = {}
        self._shift = 0

    def update(self, counts: Counts, *, exact: bool = True) -> Change | None:
        """Take over the new counts by cell. Returns what changed; None if nothing did.

        Unless `exact`, a place whose counts changed little keeps them.
        """
        shift, places = coarse(counts)
        if shift < self._shift and len(places) <= MAX_PLACES:
            # Smaller places only if there is room to spare, so that the size does not change back and forth.
            finer, larger = coarse(counts, self._shift - 1), coarse(counts, self._shift)
            shift, places = finer if len(finer[1]) <= MAX_PLACES // 2 else larger
        before, same_size = self._places, shift == self._shift
        if same_size and not exact:
            places = {place: _settled(before.get(place), both) for place, both in places.items()}
        self._places, self._shift = places, shift
        if not same_size:
            return self.whole()
        changed = {place: both for place, both in places.items() if before.get(place) != both}
        changed |= dict.fromkeys(before.keys() - places.keys(), (0, 0))
        return self._change(changed, whole=False) if changed else None

    def whole(self) -> Change:
        """All places that are not empty."""
        return self._change(self._places, whole=True)

    def _change(self, places: Counts, *, whole: bool) -> Change:
        size = CELL << self._shift
        middles = [(x * size + size // 2, y * size + size // 2, *both) for (x, y), both in sorted(places.items())]
        return Change(size, whole, middles)
