"""The plane as square cells, and the region of a viewport: the cells whose content a client gets in a crowd (W160).

Never here: who looks at a region (region_groups.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor
from typing import NamedTuple, TypeAlias

CELL = 1024
"""The side of a cell, in units of the plane."""
MARGIN = 1
"""How many cells around a viewport belong to its region, so that what comes into view is there already."""
MAX_SIDE = 12
"""The most cells along one side of a region. A larger viewport is cut to as many around its middle."""
MAX_CELLS = 16
"""The most cells of one stroke. A longer one goes to the cells of its first points."""

Cell: TypeAlias = tuple[int, int]


class Region(NamedTuple):
    """A rectangle of cells. The last column and row belong to it."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, cell: Cell) -> bool:
        x, y = cell
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    @property
    def middle(self) -> tuple[float, float]:
        """The point of the plane in the middle."""
        return (self.left + self.right + 1) * CELL / 2, (self.top + self.bottom + 1) * CELL / 2

    def cells(self) -> list[Cell]:
        return [(x, y) for y in range(self.top, self.bottom + 1) for x in range(self.left, self.right + 1)]


def cell_of(x: float, y: float) -> Cell:
    """The cell of a point."""
    return floor(x / CELL), floor(y / CELL)


def cells_of(points: Iterable[tuple[float, float]]) -> tuple[Cell, ...]:
    """The cells of these points, each once, in their order; at most MAX_CELLS."""
    cells = dict.fromkeys(cell_of(x, y) for x, y in points)
    return tuple(cells)[:MAX_CELLS]


def region_of(x: float, y: float, width: float, height: float) -> Region:
    """The region of a viewport, given by its middle and its size."""
    left, right = _span(x, width)
    top, bottom = _span(y, height)
    return Region(left, top, right, bottom)


def _span(middle: float, size: float) -> tuple[int, int]:
    first, last = floor((middle - size / 2) / CELL) - MARGIN, floor((middle + size / 2) / CELL) + MARGIN
    if last - first >= MAX_SIDE:
        first = floor(middle / CELL) - MAX_SIDE // 2
        last = first + MAX_SIDE - 1
    return first, last


MIDDLE = region_of(0, 0, 1920, 1080)
"""The region of somebody who never said what they see, in a crowd that has enough listeners."""
