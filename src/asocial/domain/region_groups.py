"""The connections of a crowd, grouped by region: a group costs one join of bytes, a connection one write.

A connection without a region is a listener (W161): it gets what happens in every cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from .cells import Cell, Region

C = TypeVar("C")


class Group(Generic[C]):
    """The connections with one region. `region` None: listeners."""

    __slots__ = ("cells", "members", "region")

    def __init__(self, region: Region | None) -> None:
        self.region = region
        self.cells: list[Cell] = [] if region is None else region.cells()
        self.members: dict[C, None] = {}


class RegionGroups(Generic[C]):
    """Which connections get what happens in a cell."""

    __slots__ = ("_by_cell", "_by_connection", "_by_region")

    def __init__(self) -> None:
        self._by_connection: dict[C, Group[C]] = {}
        self._by_region: dict[Region | None, Group[C]] = {}
        self._by_cell: dict[Cell, dict[Group[C], None]] = {}

    def __len__(self) -> int:
        return len(self._by_region)

    def __iter__(self) -> Iterator[Group[C]]:
        return iter(list(self._by_region.values()))

    @property
    def listeners(self) -> int:
        group = self._by_region.get(None)
        return 0 if group is None else len(group.members)

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

    def place(self, connection: C, region: Region | None) -> None:
        """Give a connection a region, in place of the one that it had."""
        before = self._by_connection.get(connection)
        if before is not None:
            if before.region == region:
                return
            self.remove(connection)
        group = self._by_region.get(region)
        if group is None:
            group = self._by_region[region] = Group(region)
            for cell in group.cells:
                self._by_cell.setdefault(cell, {})[group] = None
        group.members[connection] = None
        self._by_connection[connection] = group

    def remove(self, connection: C) -> None:
        group = self._by_connection.pop(connection, None)
        if group is None:
            return
        del group.members[connection]
        if group.members:
            return
        del self._by_region[group.region]
        for cell in group.cells:
            groups = self._by_cell[cell]
            del groups[group]
            if not groups:
                del self._by_cell[cell]
