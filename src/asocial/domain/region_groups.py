"""The connections of a crowd, grouped by region: a group costs one join of bytes, a connection one write.

Groups whose regions begin near each other are a block: they get their pointers in the same turn of the loop. A
connection without a region is a listener (W161): it gets what happens in every cell, and no pointers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from .cells import Cell, Region

C = TypeVar("C")

BLOCK = 16
"""The regions of a block begin in a square of so many cells along a side."""


class Group(Generic[C]):
    """The connections with one region. `region` None: listeners.

    `since`: the last move of a pointer that all members got, as a number (CrowdPointers.order).
    """

    __slots__ = ("cells", "members", "region", "since")

    def __init__(self, region: Region | None, since: int) -> None:
        self.region = region
        self.cells: list[Cell] = [] if region is None else region.cells()
        self.members: dict[C, None] = {}
        self.since = since


class Block(Generic[C]):
    """The groups whose regions begin in one square. `since`: that of a group which is new in it."""

    __slots__ = ("cells", "groups", "since")

    def __init__(self, since: int) -> None:
        self.groups: dict[Group[C], None] = {}
        self.cells: dict[Cell, None] = {}
        """Those of all regions that groups of this block have had."""
        self.since = since


class RegionGroups(Generic[C]):
    """Which connections get what happens in a cell."""

    __slots__ = ("_blocks", "_by_cell", "_by_connection", "_by_region")

    def __init__(self) -> None:
        self._by_connection: dict[C, Group[C]] = {}
        self._by_region: dict[Region | None, Group[C]] = {}
        self._by_cell: dict[Cell, dict[Group[C], None]] = {}
        self._blocks: dict[Cell, Block[C]] = {}

    def __len__(self) -> int:
        return len(self._by_region)

    def __iter__(self) -> Iterator[Group[C]]:
        return iter(list(self._by_region.values()))

    @property
    def listeners(self) -> int:
        group = self._by_region.get(None)
        return 0 if group is None else len(group.members)

    def blocks(self) -> list[Block[C]]:
        """All blocks, in an order that does not change while they exist. Listeners are in none."""
        return [self._blocks[at] for at in sorted(self._blocks)]

    def group_of(self, connection: C) -> Group[C] | None:
        """The group of a connection; None if it was not placed."""
        return self._by_connection.get(connection)

    def of_cells(self, cells: Iterable[Cell]) -> list[Group[C]]:
        """The groups that get what happens in any of these cells, each once."""
        found: dict[Group[C], None] = {}
        for cell in cells:
            found.update(self._by_cell.get(cell, {}))
        everything = self._by_region.get(None)
        if everything is not None:
            found[everything] = None
        return list(found)

    def place(self, connection: C, region: Region | None, order: int = 0) -> Group[C]:
        """Give a connection a region, in place of the one that it had. Returns its group.

        `order`: of the last move of a pointer. A new block gets those after it.
        """
        before = self._by_connection.get(connection)
        if before is not None:
            if before.region == region:
                return before
            self.remove(connection)
        group = self._by_region.get(region)
        if group is None:
            group = self._by_region[region] = self._new_group(region, order)
        group.members[connection] = None
        self._by_connection[connection] = group
        return group

    def _new_group(self, region: Region | None, order: int) -> Group[C]:
        if region is None:
            return Group(None, order)
        at = _block_of(region)
        block = self._blocks.get(at)
        if block is None:
            block = self._blocks[at] = Block(order)
        group: Group[C] = Group(region, block.since)
        block.groups[group] = None
        block.cells.update(dict.fromkeys(group.cells))
        for cell in group.cells:
            self._by_cell.setdefault(cell, {})[group] = None
        return group

    def remove(self, connection: C) -> None:
        group = self._by_connection.pop(connection, None)
        if group is None:
            return
        del group.members[connection]
        if group.members:
            return
        del self._by_region[group.region]
        if group.region is None:
            return
        at = _block_of(group.region)
        block = self._blocks[at]
        del block.groups[group]
        if not block.groups:
            del self._blocks[at]
        for cell in group.cells:
            groups = self._by_cell[cell]
            del groups[group]
            if not groups:
                del self._by_cell[cell]


def _block_of(region: Region) -> Cell:
    return region.left // BLOCK, region.top // BLOCK
