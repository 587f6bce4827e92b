"""W160: which connections get what happens in a cell, against a list of all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.cells import Region
from asocial.domain.region_groups import RegionGroups

small = st.integers(-3, 3)
regions = st.builds(lambda x, y, w, h: Region(x, y, x + w, y + h), small, small, st.integers(0, 3), st.integers(0, 3))
moves = st.lists(st.tuples(st.integers(0, 6), st.one_of(st.none(), regions, st.just("leave"))), max_size=40)
cells = st.lists(st.tuples(small, small), min_size=1, max_size=3)


@given(moves, cells)
def test_w160_a_cell_reaches_those_whose_region_holds_it(
    made: list[tuple[int, Region | str | None]], asked: list[tuple[int, int]]
) -> None:
    groups: RegionGroups[int] = RegionGroups()
    naive: dict[int, Region | None] = {}
    for connection, region in made:
        if isinstance(region, str):
            groups.remove(connection)
            naive.pop(connection, None)
        else:
            groups.place(connection, region)
            naive[connection] = region
    reached = [member for group in groups.of_cells(asked) for member in group.members]
    assert sorted(reached) == sorted(
        connection for connection, region in naive.items() if region is None or any(map(region.holds, asked))
    )
    assert sorted(member for group in groups for member in group.members) == sorted(naive)
    assert groups.listeners == sum(region is None for region in naive.values())
    assert len(groups) == len(set(naive.values()))
    for connection in range(7):
        group = groups.group_of(connection)
        assert (group is not None) == (connection in naive)
        assert group is None or group.region == naive[connection]


def test_an_empty_index_holds_no_cells() -> None:
    groups: RegionGroups[int] = RegionGroups()
    groups.place(1, Region(0, 0, 2, 2))
    groups.place(1, Region(5, 5, 6, 6))
    groups.remove(1)
    groups.remove(1)
    assert not groups._by_cell
    assert len(groups) == 0
